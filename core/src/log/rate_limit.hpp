#pragma once
/// Keeps one event that repeats (a refusal to act, a malformed message) from filling the log.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <dbha/types.hpp>

namespace dbha {

/// At most `most` of the same event in each interval, which begins with the first one. Pure: the caller gives the time.
///
///     if (const auto suppressed = limit.allow("view_refused", loop.now()))
///       log.warning("view_refused", {{"reason", reason}, {"suppressed", std::to_string(*suppressed)}});
class RateLimit {
 public:
  RateLimit(std::uint32_t most, Duration interval) : most_(most), interval_(interval) {}

  /// Nothing: do not write it. Otherwise how many of this event were suppressed since the last one written.
  std::optional<std::uint64_t> allow(std::string_view event, TimePoint now);

 private:
  struct Window {
    TimePoint begin;
    std::uint32_t written = 0;
    std::uint64_t suppressed = 0;
  };

  void forget_old(TimePoint now);

  std::uint32_t most_;
  Duration interval_;
  std::map<std::string, Window, std::less<>> windows_;
};

}  // namespace dbha
