#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include <nlohmann/json.hpp>

#include <dbha/types.hpp>

namespace dbha {

/// The last things that happened in this process, for `dbha status --json`: with the wall clock for people, and with
/// the machine's monotonic clock, by which several processes of one machine can be compared.
class History {
 public:
  static constexpr std::size_t kept = 200;

  void add(nlohmann::json entry, TimePoint at, std::int64_t wall_ms) {
    entry["number"] = next_++;
    entry["at_ms"] = wall_ms;
    entry["monotonic_us"] = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
    entries_.push_back(std::move(entry));
    if (entries_.size() > kept) entries_.pop_front();
  }

  nlohmann::json json() const { return nlohmann::json(entries_); }

 private:
  std::uint64_t next_ = 1;
  std::deque<nlohmann::json> entries_;
};

}  // namespace dbha
