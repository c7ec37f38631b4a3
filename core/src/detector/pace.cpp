#include "detector/pace.hpp"

#include <algorithm>

namespace dbha {
namespace {

/// Of the budget of a second, what rounds may take before they stretch, what signs of life may, what all that is
/// regular may take, and what is left to standing questions in any case.
constexpr double rounds_share = 0.5;
constexpr double heartbeat_share = 0.25;
constexpr double regular_share = 0.8;
constexpr double standing_share = 0.05;
/// Where views take turns: what the cheap questions may take, which are signs of life as well; and of what is left to
/// the views, how much goes to those of primaries.
constexpr double cheap_commands_share = 0.5;
constexpr double cheap_bytes_share = 0.25;
constexpr double primaries_part = 0.75;
/// Of the bytes, what the views of one suspect node may take.
constexpr double suspect_share = 0.25;

double seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}
Duration from_seconds(double s) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

class Pacing {
 public:
  Pacing(const ProbeSettings& settings, const AskingCost& cost, std::size_t primaries, std::size_t replicas,
         std::size_t nodes)
      : settings_(settings),
        view_(cost(Question::view, nodes)),
        epoch_(cost(Question::epoch, nodes)),
        primaries_(static_cast<double>(primaries)),
        replicas_(static_cast<double>(replicas)),
        nodes_(static_cast<double>(nodes)) {}

  Pace pace() const {
    Pace out;
    const Duration all = once(nodes_, view_, rounds_share, rounds_share);
    // Turns save something only where a round of all would take more than two periods, and need the cheap question.
    out.sampled = all > 2 * settings_.period && settings_.signals.has(Signal::epoch) && primaries_ > 0;
    out.period = out.rotation = out.replica_rotation = std::max(settings_.period, all);
    if (out.sampled) {
      out.period = std::max(settings_.period, once(primaries_, epoch_, cheap_commands_share, cheap_bytes_share));
      out.rotation = turns(primaries_, primaries_part, out.period);
      out.replica_rotation = turns(replicas_, 1 - primaries_part, out.period);
    }
    const double views =
        primaries_ / seconds(out.rotation) + std::max(nodes_ - primaries_, 0.0) / seconds(out.replica_rotation);
    out.view_gap = from_seconds(0.5 / std::max(views, 1 / seconds(out.period)));
    out.heartbeat =
        std::max(settings_.heartbeat, from_seconds(primaries_ / (settings_.commands_per_second * heartbeat_share)));
    if (out.sampled) out.heartbeat = out.period;
    const double left = settings_.commands_per_second * regular_share - views * view_.commands - signs_of_life(out);
    out.standing = std::max(settings_.suspect_interval,
                            from_seconds(replicas_ / std::max(left, settings_.commands_per_second * standing_share)));
    out.costly = from_seconds(view_.bytes / (settings_.bytes_per_second * suspect_share));
    return out;
  }

 private:
  /// To ask so many once within these shares of the budget.
  Duration once(double count, QuestionCost cost, double commands_share, double bytes_share) const {
    return from_seconds(std::max(count * cost.commands / (settings_.commands_per_second * commands_share),
                                 count * cost.bytes / (settings_.bytes_per_second * bytes_share)));
  }
  Duration turns(double count, double part, Duration period) const {
    return std::max(period, once(count, view_, (regular_share - cheap_commands_share) / 2 * part, rounds_share * part));
  }
  double signs_of_life(const Pace& pace) const {
    if (!pace.sampled && !settings_.signals.has(Signal::heartbeat)) return 0;
    return primaries_ / seconds(pace.heartbeat);
  }

  const ProbeSettings& settings_;
  QuestionCost view_;
  QuestionCost epoch_;
  double primaries_;
  double replicas_;
  double nodes_;
};

}  // namespace

Pace pace_of(const ProbeSettings& settings, const AskingCost& cost, std::size_t primaries, std::size_t replicas,
             std::size_t nodes) {
  return Pacing(settings, cost, primaries, replicas, nodes).pace();
}

}  // namespace dbha
