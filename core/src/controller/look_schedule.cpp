#include "controller/look_schedule.hpp"

#include <algorithm>

namespace dbha {

Duration LookSchedule::interval(QuestionCost look) const {
  const double seconds_each = std::max(look.commands / settings_.commands_per_second,
                                       look.bytes / (settings_.commands_per_second * bytes_per_command));
  const std::chrono::duration<double> all((fleet_ > 0 ? fleet_ : unknown_fleet) * seconds_each);
  return std::max(shortest, std::chrono::duration_cast<Duration>(all));
}

/// The first one anywhere in the interval, and from then on one in each: a fleet that has lost its detector in one
/// moment stays spread.
bool LookSchedule::due(Duration silent, QuestionCost look, TimePoint now) {
  if (silent < settings_.after) {
    next_.reset();
    return false;
  }
  const Duration each = interval(look);
  if (!next_) next_ = now + Duration(std::uniform_int_distribution<Duration::rep>(0, each.count())(random_));
  if (now < *next_) return false;
  next_ = now + each;
  return true;
}

}  // namespace dbha
