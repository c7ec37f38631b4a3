#include "detector/prober.hpp"

#include <algorithm>
#include <tuple>

namespace dbha {
namespace {

// In the order in which they may use the budget. A primary's round that is overdue by half a period goes first: without
// fresh answers of the voters nothing can be concluded (R2), and shards that stay suspect for long could starve them
// otherwise.
enum Priority_ { overdue_rounds, at_once, suspect_roles, heartbeats, rounds, standing_roles };

/// The share of the burst that is left to what may be more urgent a moment later: a promotion that ROLE shows must not
/// wait for the budget.
double reserve_of(int priority) {
  return priority == standing_roles ? 0.5 : priority >= suspect_roles ? 0.25 : 0;
}

/// What a node did not permit is tried again after so long: somebody may have added the rule.
constexpr Duration forbidden_for = std::chrono::seconds(10);
/// From then on a suspicion is looked at ever less often.
constexpr Duration fresh_suspicion = std::chrono::seconds(10);

double seconds(Duration d) {
  return std::chrono::duration<double>(d).count();
}

constexpr std::array all_questions{Question::view, Question::role, Question::epoch, Question::alive};

}  // namespace

Prober::Prober(ProbeSettings settings, Cost cost)
    : settings_(settings),
      cost_(std::move(cost)),
      command_budget_(settings.commands_per_second),
      byte_budget_(settings.bytes_per_second) {
  set_targets({});
}

// ---- The nodes

void Prober::set_targets(std::vector<Target> targets) {
  std::vector<std::array<Asked, questions>> asked(targets.size());
  std::map<Endpoint, std::size_t> places;
  urgent_ = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    places[targets[i].endpoint] = i;
    if (auto known = places_.find(targets[i].endpoint); known != places_.end()) asked[i] = asked_[known->second];
    urgent_ += static_cast<std::size_t>(
        std::count_if(asked[i].begin(), asked[i].end(), [](const Asked& a) { return a.urgent; }));
  }
  targets_ = std::move(targets);
  asked_ = std::move(asked);
  places_ = std::move(places);
  const auto count = [&](Role role) {
    return static_cast<std::size_t>(
        std::count_if(targets_.begin(), targets_.end(), [&](const Target& t) { return t.role == role; }));
  };
  pace_ = pace_of(settings_, cost_, count(Role::primary), count(Role::replica), targets_.size());
  for (const auto question : all_questions)
    costs_[static_cast<std::size_t>(question)] = cost_(question, targets_.size());
}

const Target* Prober::target(const Endpoint& endpoint) const {
  const auto place = places_.find(endpoint);
  return place == places_.end() ? nullptr : &targets_[place->second];
}

Prober::Asked* Prober::asked(const Endpoint& endpoint, Question question) {
  const auto place = places_.find(endpoint);
  return place == places_.end() ? nullptr : &asked(place->second, question);
}

// ---- What is known of them

void Prober::suspect(const NodeId& shard, TimePoint now) {
  if (!shard.empty()) suspects_.try_emplace(shard, now);  // more hints do not prolong it
}

bool Prober::probing_fast(const NodeId& shard, TimePoint now) const {
  auto it = suspects_.find(shard);
  return it != suspects_.end() && now - it->second < settings_.suspect_for;
}

std::vector<NodeId> Prober::probed_fast(TimePoint now) const {
  std::vector<NodeId> out;
  for (const auto& [shard, since] : suspects_)
    if (probing_fast(shard, now)) out.push_back(shard);
  return out;
}

/// An election comes within seconds of the first sign, or after minutes.
Duration Prober::suspect_interval(const NodeId& shard, TimePoint now) const {
  const auto age = now - suspects_.at(shard);
  return age <= fresh_suspicion ? settings_.suspect_interval : settings_.suspect_interval * (age / fresh_suspicion + 1);
}

void Prober::urgent(const Endpoint& endpoint, Question question) {
  Asked* it = used(question) ? asked(endpoint, question) : nullptr;
  if (!it || it->forbidden_until != TimePoint::min()) return;
  if (!std::exchange(it->urgent, true)) ++urgent_;
}

void Prober::renew(const Endpoint& endpoint) {
  if (Asked* it = asked(endpoint, Question::view)) it->outdated = true;
}

void Prober::forbid(const Endpoint& endpoint, Question question, TimePoint now) {
  Asked* it = asked(endpoint, question);
  if (!it) return;
  it->forbidden_until = now + forbidden_for;
  if (std::exchange(it->urgent, false)) --urgent_;
}

void Prober::permit(const Endpoint& endpoint, Question question) {
  if (Asked* it = asked(endpoint, question)) it->forbidden_until = TimePoint::min();
}

void Prober::settle(const Endpoint& endpoint, Question question, bool answered) {
  Asked* it = asked(endpoint, question);
  if (!it) return;
  it->under_way = false;
  it->failed = !answered;
}

bool Prober::used(Question question) const {
  switch (question) {
    case Question::view:
      return true;
    case Question::role:
      return settings_.signals.has(Signal::role);
    case Question::epoch:
      return settings_.signals.has(Signal::epoch);
    case Question::alive:
      return settings_.signals.has(Signal::heartbeat);
  }
  return false;
}

bool Prober::may_ask(std::size_t target, Question question, TimePoint now) const {
  return used(question) && now >= asked(target, question).forbidden_until;
}

// ---- The budget

void Prober::refill(TimePoint now) {
  const double passed = refilled_ == TimePoint::min() ? 0 : seconds(now - refilled_);
  const auto& largest = costs_[static_cast<std::size_t>(Question::view)];
  command_budget_.refill(passed, largest.commands);
  // Room for a view that becomes urgent just after one of a round has left.
  byte_budget_.refill(passed, pace_.sampled ? 3.0 * largest.bytes : largest.bytes);
  refilled_ = now;
}

bool Prober::commands_left(const Wish& wish) const {
  return command_budget_.affords(costs_[static_cast<std::size_t>(wish.question)].commands, reserve_of(wish.priority));
}

bool Prober::bytes_left(const Wish& wish) const {
  const bool turn = pace_.sampled && wish.priority == rounds && wish.question == Question::view;
  return byte_budget_.affords(costs_[static_cast<std::size_t>(wish.question)].bytes,
                              turn ? 0.5 : reserve_of(wish.priority));
}

void Prober::spend(Question question) {
  const auto& cost = costs_[static_cast<std::size_t>(question)];
  command_budget_.spend(cost.commands);
  byte_budget_.spend(cost.bytes);
  commands_ += cost.commands;
}

// ---- Wishes

void Prober::wish(std::vector<Wish>& out, int priority, std::size_t target, Question question, Duration interval,
                  TimePoint now) const {
  if (!may_ask(target, question, now)) return;
  const Asked& before = asked(target, question);
  if (before.under_way) return;  // one at a time: a stopped node does not pile up questions
  if (before.failed && question == Question::view) interval = std::min(interval, settings_.period / 4);
  if (before.at == TimePoint::min() || now - before.at >= interval)
    out.push_back({priority, priority == at_once && question != Question::view, before.at, target, question});
}

void Prober::wish_urgent(std::vector<Wish>& out, std::size_t target, TimePoint now) const {
  for (const auto question : all_questions)
    if (asked(target, question).urgent) wish(out, at_once, target, question, Duration(0), now);
}

void Prober::wish_suspect(std::vector<Wish>& out, std::size_t target, TimePoint now) const {
  const Role role = targets_[target].role;
  const Duration interval = suspect_interval(targets_[target].shard, now);
  if (role == Role::replica && may_ask(target, Question::role, now))
    return wish(out, suspect_roles, target, Question::role, interval, now);
  // A primary that restarts in place is back within a tenth of a second; while it does not answer, the budget is
  // better spent on its replicas.
  const int pace = asked(target, Question::view).failed ? 20 : 4;
  if (role != Role::unknown)
    wish(out, suspect_roles, target, Question::view, std::max(pace * interval, pace_.costly), now);
}

void Prober::wish_regular(std::vector<Wish>& out, std::size_t target, bool suspect, TimePoint now) const {
  const bool primary = targets_[target].role == Role::primary;
  const bool replica = targets_[target].role == Role::replica;
  const auto priority = [&](Question question, Duration interval) {
    const Asked& last = asked(target, question);
    const bool first = last.at == TimePoint::min() && !(pace_.sampled && replica);
    return first || (primary && now - last.at >= interval + interval / 2) ? overdue_rounds : rounds;
  };
  const Duration turn = replica ? pace_.replica_rotation : pace_.rotation;
  const bool outdated = asked(target, Question::view).outdated;
  wish(out, priority(Question::view, turn), target, Question::view, outdated ? pace_.period : turn, now);
  if (pace_.sampled && primary && may_ask(target, Question::epoch, now)) {
    wish(out, priority(Question::epoch, pace_.period), target, Question::epoch, pace_.period, now);
  } else if (primary) {
    wish(out, heartbeats, target, Question::alive, pace_.heartbeat, now);
  }
  // Replicas are asked ROLE all the time; that one of them is silent starts nothing.
  if (replica && !suspect) wish(out, standing_roles, target, Question::role, pace_.standing, now);
  if (replica && pace_.sampled && !may_ask(target, Question::role, now))
    wish(out, standing_roles, target, Question::alive, pace_.period, now);
}

std::vector<Prober::Wish> Prober::wishes(TimePoint now) const {
  std::vector<Wish> out;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const bool suspect = !suspects_.empty() && probing_fast(targets_[i].shard, now);
    if (urgent_ > 0) wish_urgent(out, i, now);
    if (suspect) wish_suspect(out, i, now);
    wish_regular(out, i, suspect, now);
  }
  std::erase_if(out, [&](const Wish& w) { return too_soon(w, now); });  // nearly all, where nodes are many
  std::sort(out.begin(), out.end(), [](const Wish& a, const Wish& b) {
    return std::tie(a.priority, a.cheap, a.asked_at, a.target, a.question) <
           std::tie(b.priority, b.cheap, b.asked_at, b.target, b.question);
  });
  return out;
}

/// Rounds are spread over half of the period: all at once they would hold up the standing questions.
bool Prober::too_soon(const Wish& wish, TimePoint now) const {
  if (wish.priority != rounds) return false;
  const auto& last = last_round_[static_cast<std::size_t>(wish.question)];
  const Duration gap = wish.question == Question::view
                           ? pace_.view_gap
                           : pace_.period / (2 * static_cast<Duration::rep>(targets_.size() + 1));
  return last && now - *last < gap;
}

std::vector<Ask> Prober::due(TimePoint now) {
  refill(now);
  std::vector<Ask> out;
  bool views_wait = false;
  for (const auto& w : wishes(now)) {
    // Nothing of a lower priority may overtake what waits; but where views wait for bytes, of which the other questions
    // take next to none, these go on.
    if (!commands_left(w)) break;
    views_wait |= !bytes_left(w);
    if (views_wait && (w.question == Question::view || !bytes_left(w))) continue;
    Asked& it = asked(w.target, w.question);
    if (it.under_way || too_soon(w, now)) continue;  // wished for twice
    if (w.priority == rounds) last_round_[static_cast<std::size_t>(w.question)] = now;
    if (it.urgent) --urgent_;
    it = {now, true, false, false, false, it.forbidden_until};
    spend(w.question);
    out.push_back({targets_[w.target].endpoint, w.question});
  }
  return out;
}

Duration Prober::next(TimePoint now) const {
  constexpr Duration shortest = std::chrono::milliseconds(1);
  constexpr Duration longest =
      std::chrono::milliseconds(10);  // a hint in between must not wait long for its second question
  if (urgent_ > 0) return shortest;
  Duration out = longest;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const bool suspect = !suspects_.empty() && probing_fast(targets_[i].shard, now);
    if (suspect && targets_[i].role == Role::primary) out = std::min(out, settings_.suspect_interval);
    if (targets_[i].role != Role::replica || !may_ask(i, Question::role, now)) continue;
    const Asked& before = asked(i, Question::role);
    const Duration interval = suspect ? suspect_interval(targets_[i].shard, now) : pace_.standing;
    const Duration left = before.at == TimePoint::min() ? Duration(0) : before.at + interval - now;
    // One under way will most likely be answered by then; if it is late, its answer is an occasion of its own.
    if (before.under_way && left <= Duration(0)) continue;
    out = std::min(out, left);
  }
  return std::max(out, shortest);
}

}  // namespace dbha
