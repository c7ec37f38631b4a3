#include "detector/prober.hpp"

#include <algorithm>

namespace dbha {
namespace {

// In the order in which they may use the budget. A primary's round that is overdue by half a period goes first: without
// fresh views of the voters nothing can be concluded (R2), and a shard that stays suspect for long could starve them
// otherwise.
enum Priority_ { overdue_rounds, at_once, suspect_roles, heartbeats, rounds, standing_roles };

/// The share of the burst that is left to what may be more urgent a moment later: a promotion that ROLE shows must not
/// wait for the budget.
double reserve_of(int priority) {
  return priority == standing_roles ? 0.5 : priority >= suspect_roles ? 0.25 : 0;
}

/// Of the budget of a second, what rounds and signs of life may take before they stretch, what all that is regular may
/// take, and what is left to standing questions in any case.
constexpr double rounds_share = 0.5;
constexpr double heartbeat_share = 0.25;
constexpr double regular_share = 0.8;
constexpr double standing_share = 0.05;

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
      command_budget_(settings.commands_per_second),
      byte_budget_(settings.bytes_per_second) {}

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

std::size_t Prober::count(Role role) const {
  return static_cast<std::size_t>(
      std::count_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.role == role; }));
}

Duration Prober::heartbeat_interval() const {
  const double rate = settings_.commands_per_second * heartbeat_share;
  return std::max(settings_.heartbeat, from_seconds(static_cast<double>(count(Role::primary)) / rate));
}

Duration Prober::standing_interval() const {
  const double n = static_cast<double>(targets_.size());
  const double rounds_rate = n * cost_(Question::view, targets_.size()).commands / seconds(period());
  const double heartbeat_rate = static_cast<double>(count(Role::primary)) / seconds(heartbeat_interval());
  const double left = std::max(settings_.commands_per_second * regular_share - rounds_rate - heartbeat_rate,
                               settings_.commands_per_second * standing_share);
  return std::max(settings_.suspect_interval, from_seconds(static_cast<double>(count(Role::replica)) / left));
}

void Prober::refill(TimePoint now) {
  const double passed = refilled_ == TimePoint::min() ? 0 : seconds(now - refilled_);
  const auto largest = cost_(Question::view, targets_.size());
  command_budget_.refill(passed, largest.commands);
  byte_budget_.refill(passed, largest.bytes);
  refilled_ = now;
}

bool Prober::affordable(const Wish& wish) const {
  const auto cost = cost_(wish.ask.question, targets_.size());
  const double reserve = reserve_of(wish.priority);
  return command_budget_.affords(cost.commands, reserve) && byte_budget_.affords(cost.bytes, reserve);
}

void Prober::spend(Question question) {
  const auto cost = cost_(question, targets_.size());
  command_budget_.spend(cost.commands);
  byte_budget_.spend(cost.bytes);
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
  const Duration heartbeat = heartbeat_interval();
  const Duration standing = standing_interval();
  for (const auto& target : targets_) {
    const bool suspect = probing_fast(target.shard, now);
    const Asked* last_view = asked({target.endpoint, Question::view});
    const bool overdue = !last_view || (target.role == Role::primary && now - last_view->at >= round + round / 2);
    if (suspect && target.role == Role::replica)
      wish(out, suspect_roles, target, Question::role, settings_.suspect_interval, now);
    // A primary that restarts in place is back within a tenth of a second; while it does not answer, the budget is
    // better spent on its replicas.
    const int pace = last_view && last_view->failed ? 20 : 4;
    if (suspect && target.role == Role::primary)
      wish(out, suspect_roles, target, Question::view, pace * settings_.suspect_interval, now);
    // Replicas are asked ROLE all the time; that one of them is silent starts nothing.
    if (target.role == Role::primary) wish(out, heartbeats, target, Question::alive, heartbeat, now);
    wish(out, overdue ? overdue_rounds : rounds, target, Question::view, round, now);
    if (!suspect && target.role == Role::replica) wish(out, standing_roles, target, Question::role, standing, now);
  }
  std::sort(out.begin(), out.end(), [](const Wish& a, const Wish& b) {
    return std::tie(a.priority, a.asked_at, a.ask) < std::tie(b.priority, b.asked_at, b.ask);
  });
  return out;
}

std::vector<Ask> Prober::due(TimePoint now) {
  refill(now);
  const Duration spacing = period() / (2 * static_cast<Duration::rep>(targets_.size() + 1));
  std::vector<Ask> out;
  for (const auto& w : wishes(now)) {
    if (!affordable(w)) break;  // nothing of a lower priority may overtake what waits
    // Rounds are spread over half of the period: all at once they would hold up the standing questions.
    if (w.priority == rounds && last_round_ && now - *last_round_ < spacing) continue;
    Asked& asked = asked_[w.ask];
    if (asked.under_way) continue;  // wished for twice
    if (w.priority == rounds) last_round_ = now;
    asked = {now, true, false};
    urgent_.erase(w.ask);
    spend(w.ask.question);
    out.push_back(w.ask);
  }
  return out;
}

Duration Prober::next(TimePoint now) const {
  constexpr Duration shortest = std::chrono::milliseconds(1);
  constexpr Duration longest =
      std::chrono::milliseconds(10);  // a hint in between must not wait long for its second question
  if (!urgent_.empty()) return shortest;
  Duration out = longest;
  const Duration standing = standing_interval();
  for (const auto& target : targets_) {
    const bool suspect = probing_fast(target.shard, now);
    if (suspect && target.role == Role::primary) out = std::min(out, settings_.suspect_interval);
    if (target.role != Role::replica) continue;
    const Asked* before = asked({target.endpoint, Question::role});
    const Duration interval = suspect ? settings_.suspect_interval : standing;
    const Duration left = before ? before->at + interval - now : Duration(0);
    // One under way will most likely be answered by then; if it is late, its answer is an occasion of its own.
    if (before && before->under_way && left <= Duration(0)) continue;
    out = std::min(out, left);
  }
  return std::max(out, shortest);
}

}  // namespace dbha
