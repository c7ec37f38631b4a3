#include "detector/prober.hpp"

#include <algorithm>

namespace dbha {
namespace {

// In the order in which they may use the budget.
enum Priority_ { at_once, suspect_roles, heartbeats, rounds, standing_roles };

/// A tenth of a second's worth may go out at once: a hint is followed by a burst, and the mean stays within the budget.
constexpr double burst = 0.1;
/// Standing questions leave this share of the burst to what a hint may need a moment later.
constexpr double standing_reserve = 0.5;
/// Of the budget of a second, what rounds may take before the period stretches, and what all that is regular may take.
constexpr double rounds_share = 0.5;
constexpr double regular_share = 0.8;

double seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}
Duration from_seconds(double s) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

}  // namespace

Prober::Prober(ProbeSettings settings, Cost cost)
    : settings_(settings),
      cost_(std::move(cost)),
      commands_left_(settings.commands_per_second * burst),
      bytes_left_(settings.bytes_per_second * burst) {}

void Prober::set_targets(std::vector<Target> targets) {
  targets_ = std::move(targets);
  std::set<Endpoint> known;
  for (const auto& target : targets_) known.insert(target.endpoint);
  std::erase_if(asked_, [&](const auto& entry) { return !known.contains(entry.first.endpoint); });
  std::erase_if(urgent_, [&](const Ask& ask) { return !known.contains(ask.endpoint); });
}

void Prober::suspect(const NodeId& shard, TimePoint now) {
  if (!shard.empty()) suspects_.try_emplace(shard, now);  // more hints do not prolong it
}

bool Prober::probing_fast(const NodeId& shard, TimePoint now) const {
  auto it = suspects_.find(shard);
  return it != suspects_.end() && now - it->second < settings_.suspect_for;
}

void Prober::settle(const Endpoint& endpoint, Question question, bool answered) {
  auto it = asked_.find({endpoint, question});
  if (it == asked_.end()) return;
  it->second.under_way = false;
  it->second.failed = !answered;
}

Duration Prober::period() const {
  const auto cost = cost_(Question::view, targets_.size());
  const double n = static_cast<double>(targets_.size());
  const double commands = n * cost.commands / (settings_.commands_per_second * rounds_share);
  const double bytes = n * cost.bytes / (settings_.bytes_per_second * rounds_share);
  return std::max(settings_.period, from_seconds(std::max(commands, bytes)));
}

Duration Prober::standing_interval() const {
  const double n = static_cast<double>(targets_.size());
  const auto replicas = static_cast<double>(
      std::count_if(targets_.begin(), targets_.end(), [](const Target& t) { return t.role == Role::replica; }));
  const double rounds_rate = n * cost_(Question::view, targets_.size()).commands / seconds(period());
  const double heartbeat_rate = n / seconds(settings_.heartbeat);
  const double left = std::max(settings_.commands_per_second * regular_share - rounds_rate - heartbeat_rate, 1.0);
  return std::max(settings_.suspect_interval, from_seconds(replicas / left));
}

void Prober::refill(TimePoint now) {
  if (refilled_ != TimePoint::min()) {
    const double passed = seconds(now - refilled_);
    commands_left_ =
        std::min(commands_left_ + passed * settings_.commands_per_second, settings_.commands_per_second * burst);
    bytes_left_ = std::min(bytes_left_ + passed * settings_.bytes_per_second, settings_.bytes_per_second * burst);
  }
  refilled_ = now;
}

/// A view of a large cluster may cost more than the whole burst: it is affordable when the bucket is full, and leaves
/// it in debt.
bool Prober::affordable(Question question, double reserve) const {
  const auto cost = cost_(question, targets_.size());
  const double full_commands = settings_.commands_per_second * burst;
  const double full_bytes = settings_.bytes_per_second * burst;
  return commands_left_ >= std::min(cost.commands + reserve * full_commands, full_commands) &&
         bytes_left_ >= std::min(cost.bytes + reserve * full_bytes, full_bytes);
}

void Prober::spend(Question question) {
  const auto cost = cost_(question, targets_.size());
  commands_left_ -= cost.commands;
  bytes_left_ -= cost.bytes;
  commands_ += cost.commands;
}

const Prober::Asked* Prober::asked(const Ask& ask) const {
  auto it = asked_.find(ask);
  return it == asked_.end() ? nullptr : &it->second;
}

void Prober::wish(std::vector<Wish>& out, int priority, const Target& target, Question question, Duration interval,
                  TimePoint now) const {
  const Ask ask{target.endpoint, question};
  const Asked* before = asked(ask);
  if (before && before->under_way) return;  // one at a time: a stopped node does not pile up questions
  const TimePoint at = before ? before->at : TimePoint::min();
  if (before && before->failed && question == Question::view) interval = std::min(interval, settings_.period / 4);
  if (at == TimePoint::min() || now - at >= interval) out.push_back({priority, at, ask});
}

std::vector<Prober::Wish> Prober::wishes(TimePoint now) const {
  std::vector<Wish> out;
  for (const auto& ask : urgent_) {
    const Asked* before = asked(ask);
    if (!before || !before->under_way) out.push_back({at_once, TimePoint::min(), ask});
  }
  const Duration round = period();
  const Duration standing = standing_interval();
  for (const auto& target : targets_) {
    const bool suspect = probing_fast(target.shard, now);
    if (suspect && target.role == Role::replica)
      wish(out, suspect_roles, target, Question::role, settings_.suspect_interval, now);
    // A primary that restarts in place is back within a tenth of a second; nothing is sent while it is not connected.
    if (suspect && target.role == Role::primary)
      wish(out, suspect_roles, target, Question::view, 4 * settings_.suspect_interval, now);
    wish(out, heartbeats, target, Question::alive, settings_.heartbeat, now);
    wish(out, rounds, target, Question::view, round, now);
    if (!suspect && target.role == Role::replica) wish(out, standing_roles, target, Question::role, standing, now);
  }
  std::sort(out.begin(), out.end(), [](const Wish& a, const Wish& b) {
    return std::tie(a.priority, a.asked_at, a.ask) < std::tie(b.priority, b.asked_at, b.ask);
  });
  return out;
}

std::vector<Ask> Prober::due(TimePoint now) {
  refill(now);
  std::vector<Ask> out;
  for (const auto& w : wishes(now)) {
    if (!affordable(w.ask.question, w.priority == standing_roles ? standing_reserve : 0)) {
      if (w.priority < standing_roles) break;  // nothing of a lower priority may overtake what waits
      continue;
    }
    Asked& asked = asked_[w.ask];
    if (asked.under_way) continue;  // wished for twice
    asked = {now, true, false};
    urgent_.erase(w.ask);
    spend(w.ask.question);
    out.push_back(w.ask);
  }
  return out;
}

Duration Prober::next(TimePoint now) const {
  constexpr Duration shortest = std::chrono::milliseconds(1);
  if (!urgent_.empty()) return shortest;
  Duration out = settings_.heartbeat / 4;
  const Duration standing = standing_interval();
  for (const auto& target : targets_) {
    const bool suspect = probing_fast(target.shard, now);
    if (suspect && target.role == Role::primary) out = std::min(out, settings_.suspect_interval);
    if (target.role != Role::replica) continue;
    const Asked* before = asked({target.endpoint, Question::role});
    if (before && before->under_way) continue;
    const Duration interval = suspect ? settings_.suspect_interval : standing;
    out = std::min(out, before ? before->at + interval - now : Duration(0));
  }
  return std::max(out, shortest);
}

}  // namespace dbha
