#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include <dbha/types.hpp>

namespace dbha {

/// The last things that happened in this process, for `dbha status --json`: with the wall clock for people, and with
/// the machine's monotonic clock, by which several processes of one machine can be compared.
class History {
 public:
  static constexpr std::size_t kept = 200;

  using Listener = std::function<void(const nlohmann::json& entry)>;

  /// Called with each entry, and with what is only mentioned.
  void on_entry(Listener listener) { listener_ = std::move(listener); }

  void add(nlohmann::json entry, TimePoint at, std::int64_t wall_ms) {
    entry["number"] = next_++;
    date(entry, at, wall_ms);
    if (listener_) listener_(entry);
    entry.erase("evidence");  // for `dbha history`
    entries_.push_back(std::move(entry));
    if (entries_.size() > kept) entries_.pop_front();
  }

  /// For who watches now, and for the history on disk: it comes too often to be kept here.
  void mention(nlohmann::json entry, TimePoint at, std::int64_t wall_ms) {
    if (!listener_) return;
    date(entry, at, wall_ms);
    listener_(entry);
  }

  nlohmann::json json() const { return nlohmann::json(entries_); }

 private:
  static void date(nlohmann::json& entry, TimePoint at, std::int64_t wall_ms) {
    entry["at_ms"] = wall_ms;
    entry["monotonic_us"] = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
  }

  Listener listener_;
  std::uint64_t next_ = 1;
  std::deque<nlohmann::json> entries_;
};

}  // namespace dbha
