#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clock.hpp"

namespace dbha::sim {

/// What happened, in order. The hash of it tells whether two runs took the same course; the lines are kept only where
/// somebody is going to read them.
class Record {
 public:
  Record(const VirtualClock& clock, bool verbose) : clock_(clock), verbose_(verbose), began_(clock.now()) {}

  /// `text` makes the line; `fact` is what of it counts for the hash.
  template <class Text>
  void add(std::string_view who, std::uint64_t fact, Text text) {
    mix(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
    for (const char c : who) mix(static_cast<unsigned char>(c));
    mix(fact);
    if (verbose_) keep(who, text());
  }

  /// What is known only in the end; no part of the hash.
  void add_late(TimePoint at, std::string_view who, const std::string& text);

  std::uint64_t hash() const { return hash_; }
  const std::vector<std::string>& lines() const { return lines_; }
  /// Seconds since the beginning, as the lines show them.
  std::string stamp(TimePoint at) const;

 private:
  void mix(std::uint64_t number) { hash_ = (hash_ ^ number) * 0x100000001b3ULL ^ (hash_ >> 29); }
  std::string line_of(TimePoint at, std::string_view who, const std::string& text) const;
  void keep(std::string_view who, const std::string& text);

  const VirtualClock& clock_;
  bool verbose_;
  TimePoint began_;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::vector<std::string> lines_;
};

}  // namespace dbha::sim
