#pragma once
/// When a controller that hears no detector looks at the database itself. Its whole fleet does so from the same moment
/// on, and nobody coordinates them: so each looks at a moment of its own, and so rarely that all of them together stay
/// within one budget. Five thousand clients that poll as they like are what brings a database down.

#include <cstdint>
#include <optional>
#include <random>

#include <dbha/backend.hpp>

namespace dbha {

struct LookSettings {
  Duration after = std::chrono::seconds(10);  ///< without a beat
  double commands_per_second = 2000;          ///< of the whole fleet, to the whole database, on average
};

/// Pure: time in, looks out.
class LookSchedule {
 public:
  /// One look costs one controller at least this long.
  static constexpr Duration shortest = std::chrono::seconds(1);
  /// With each command of the budget, as the detector's own defaults have it.
  static constexpr double bytes_per_command = 2000;
  /// How many controllers there are as long as no detector has said it.
  static constexpr std::uint32_t unknown_fleet = 1000;

  LookSchedule(LookSettings settings, std::uint64_t seed) : settings_(settings), random_(seed) {}

  /// A detector has counted so many. The greatest number counts: one that has just started does not know them all yet.
  void heard_of(std::uint32_t controllers) { fleet_ = std::max(fleet_, controllers); }
  /// Between two looks of one controller, if a look costs so much.
  Duration interval(QuestionCost look) const;
  /// `silent`: since the newest beat. True if a look is due; it is then taken as begun.
  bool due(Duration silent, QuestionCost look, TimePoint now);
  bool looking() const { return next_.has_value(); }

 private:
  LookSettings settings_;
  std::mt19937_64 random_;
  std::uint32_t fleet_ = 0;
  std::optional<TimePoint> next_;
};

}  // namespace dbha
