#include "controller/controller_state.hpp"

#include <algorithm>

#include "topology/diff.hpp"
#include "topology/digest.hpp"
#include "topology/join.hpp"
#include "topology/marks.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

/// A fleet that hears a new life of a detector does not speak to it in one moment; all have spoken within a beat, so
/// that its next one can ask for envelopes.
constexpr Duration greeting_for_each = std::chrono::microseconds(100);
constexpr Duration least_greeting = std::chrono::milliseconds(20);
constexpr Duration longest_greeting = std::chrono::milliseconds(800);
/// What a detector's peers know of it has joined by then, so that nobody else need speak.
constexpr Duration told_by_others_within = std::chrono::seconds(3);
/// Detectors ask once a second; one that asks more often is not given more.
constexpr Duration give_pause = std::chrono::milliseconds(500);
/// A detector that is back sees within a round what was concluded without it, and knows within three seconds whether it
/// was a reshard. After this time its word alone counts: what it does not see by then is not so.
constexpr Duration yield_after = std::chrono::seconds(10);
/// One connection, from its login to its end, beside what the view itself takes.
constexpr unsigned commands_to_connect = 4;

/// Whether all that `older` tells of claims, marks and lives is told by `newer` as well.
bool contains(const Publication& newer, const Publication& older) {
  if (newer.topology->generation != older.topology->generation)
    return newer.topology->generation > older.topology->generation;
  if (newer.stamp.detector == older.stamp.detector && newer.stamp.start == older.stamp.start) return true;
  return join(*older.topology, {{newer.stamp.detector, newer.topology, true, false, {}}}) == *newer.topology;
}

}  // namespace

ControllerState::ControllerState(ControllerSettings settings, TimePoint now)
    : settings_(std::move(settings)),
      feed_(settings_.detectors, settings_.seed, now),
      patient_from_(now),
      random_(settings_.seed),
      schedule_(settings_.self_detect ? settings_.self_detect->looks : LookSettings{}, settings_.seed) {}

ControllerOutput ControllerState::on_publication(const Publication& publication, TimePoint now) {
  ControllerOutput out;
  greet(publication.stamp, now);
  if (feed_.take(publication, now)) {
    keep(publication);
    rejoin(out, now);
  }
  return out;
}

ControllerOutput ControllerState::on_beat(const Beat& beat, TimePoint now) {
  ControllerOutput out;
  greet(beat.stamp, now);
  feed_.take(beat, now);
  if (unaware_.contains(beat.stamp.detector)) greet_from(now + told_by_others_within);
  schedule_.heard_of(beat.controllers);
  give_envelope(out, beat, now);
  check_freshness(out, now);
  ask(out, now);
  return out;
}

ControllerOutput ControllerState::on_snapshot(std::size_t index, const Snapshot& snapshot, TimePoint now) {
  ControllerOutput out;
  if (feed_.take(index, snapshot, now)) {
    keep(snapshot.publication);
    rejoin(out, now);
  }
  check_freshness(out, now);
  return out;
}

ControllerOutput ControllerState::on_snapshot_refused(std::size_t index, Duration retry_after, TimePoint now) {
  feed_.refused(index, retry_after, now);
  return {};
}

ControllerOutput ControllerState::on_self_read(Topology topology, TimePoint) {
  ControllerOutput out;
  if (target_) return out;  // a detector was faster
  topology.generation = 0;
  topology.marks = {};
  order(out, std::move(topology));
  return out;
}

void ControllerState::rejoin(ControllerOutput& out, TimePoint now) {
  Topology next = joined(now);
  if (!target_ || next != *target_) {
    target_acks_ = feed_.received();
    order(out, std::move(next));
    return;
  }
  // Nothing to move: what was received is applied as soon as what is in use is.
  target_acks_ = feed_.received();
  if (applied_ == target_) {
    acks_ = target_acks_;
    out.acks = acks_;
  }
}

/// What the detectors say, and in it, as one more of them, what was concluded without them. While none is live, this
/// controller is the one that knows of addresses and roles.
Topology ControllerState::joined(TimePoint now) {
  static const Topology nothing;
  auto heard = feed_.heard(now);
  if (!heard.empty()) told_ = std::make_shared<const Topology>(join(told_ ? *told_ : nothing, heard));
  const Topology& told = told_ ? *told_ : nothing;
  if (!own_ || !own_->topology()) return told;
  const bool alone = !feed_.live(now);
  heard.push_back({settings_.name, own_->topology(), alone, !alone, alone ? own_->reach() : std::vector<NodeId>{}});
  return join(told, heard);
}

void ControllerState::order(ControllerOutput& out, Topology topology) {
  // Also against what is still being applied: calls are under way by it already, and one that was written to a node
  // that stopped before it was ever applied would otherwise count as done when that node wakes and says so.
  PartitionSet marked;
  for (const auto* before : {applied_.get(), target_.get()})
    if (before) add(marked, due(topology.marks, before->marks));
  target_version_ = version_of(topology);
  target_ = std::make_shared<const Topology>(std::move(topology));
  out.apply = ApplyOrder{++serial_, target_, marked};
}

ControllerOutput ControllerState::on_applied(std::uint64_t serial, const Applied& result, TimePoint) {
  ControllerOutput out;
  if (serial != serial_) return out;  // a newer one replaced it, and will be told of itself
  static const Topology nothing;
  TopologyChanged changed{settings_.cluster, target_version_, diff(applied_ ? *applied_ : nothing, *target_),
                          !result.complete};
  applied_ = target_;
  applied_version_ = target_version_;
  acks_ = target_acks_;
  out.acks = acks_;
  if (!changed.diff.empty()) out.events.push_back(std::move(changed));
  if (applied_->generation != 0) out.marks = MarksApplied{applied_, !result.complete};
  return out;
}

ControllerOutput ControllerState::on_tick(TimePoint now) {
  ControllerOutput out;
  check_freshness(out, now);
  ask(out, now);
  if (greet_at_ && now >= *greet_at_) {
    greet_at_.reset();
    out.acks = held();
  }
  if (feed_.starting(now)) patient_from_ = now;  // that one will publish in a moment: it knows better than one look
  yield(out, now);
  look(out, now);
  if (!target_ && !self_read_asked_ && now - patient_from_ >= settings_.self_read_after) {
    self_read_asked_ = true;
    out.read_topology = true;
  }
  return out;
}

QuestionCost ControllerState::look_cost() const {
  const std::size_t nodes = target_ ? target_->nodes.size() : 1;
  QuestionCost out = settings_.self_detect->cost(nodes);
  out.commands += static_cast<unsigned>(nodes) * commands_to_connect;
  return out;
}

void ControllerState::look(ControllerOutput& out, TimePoint now) {
  if (!settings_.self_detect || look_under_way_ || (!target_ && !self_read_asked_)) return;
  if (!schedule_.due(feed_.age(now).value_or(now - patient_from_), look_cost(), now)) return;
  look_under_way_ = true;
  ++looks_;
  out.look.emplace();
  if (!target_) return;
  for (const auto& node : target_->nodes) out.look->push_back(node.endpoint);
}

ControllerOutput ControllerState::on_look(const SelfRead& read, TimePoint now, std::int64_t wall_ms) {
  ControllerOutput out;
  look_under_way_ = false;
  if (feed_.live(now)) return out;
  if (!target_) {
    if (auto first = read.result()) return on_self_read(std::move(*first), now);
    return out;
  }
  if (!own_) own_.emplace(settings_.self_detect->voters);
  own_->look(target_, read.evidence(now - SelfRead::limit), now, wall_ms);
  if (own_->topology() && *own_->topology() != *target_) rejoin(out, now);
  return out;
}

/// What was concluded without a detector ends with the word of one that has had its time.
void ControllerState::yield(ControllerOutput& out, TimePoint now) {
  if (!own_) return;
  const auto heard = feed_.heard(now);
  const bool sees = std::any_of(heard.begin(), heard.end(), [](const Heard& h) { return h.live && !h.degraded; });
  if (!sees) {
    seen_again_.reset();
  } else if (!seen_again_) {
    seen_again_ = now;
  } else if (now - *seen_again_ >= yield_after) {
    seen_again_.reset();
    own_.reset();
    rejoin(out, now);
  }
}

ControllerState::Looks ControllerState::looks() const {
  if (!settings_.self_detect) return {};
  return {own_ || schedule_.looking(), looks_, schedule_.interval(look_cost()), own_ ? own_->trouble() : ""};
}

void ControllerState::ask(ControllerOutput& out, TimePoint now) {
  if (auto index = feed_.due_request(now)) out.requests.push_back(*index);
}

/// What does not contain the kept one leaves it in place: its detector has lost its memory, or knows a part only, and
/// nobody else may be left who could tell it. If its peers do not tell it either, it is told again what is held here.
void ControllerState::keep(const Publication& publication) {
  const std::string& detector = publication.stamp.detector;
  if (!kept_ || contains(publication, *kept_)) {
    unaware_.erase(detector);
    kept_ = publication;
    return;
  }
  unaware_.insert(detector);
}

/// A detector in a new life may have lost its memory: it is told what is held here, without being asked.
void ControllerState::greet(const Stamp& stamp, TimePoint now) {
  std::uint64_t& start = starts_[stamp.detector];
  if (stamp.start <= start) return;
  start = stamp.start;
  greet_from(now);
}

void ControllerState::greet_from(TimePoint begin) {
  if (!kept_ || greet_at_) return;
  const Duration window = std::clamp<Duration>(feed_.fleet() * greeting_for_each, least_greeting, longest_greeting);
  greet_at_ = begin + Duration(std::uniform_int_distribution<Duration::rep>(0, window.count())(random_));
}

void ControllerState::give_envelope(ControllerOutput& out, const Beat& beat, TimePoint now) {
  const auto& wanted = beat.envelopes_wanted;
  if (!kept_ || std::find(wanted.begin(), wanted.end(), settings_.name) == wanted.end()) return;
  const auto [given, first] = given_.try_emplace(beat.stamp.detector, now);
  if (!first && now - given->second < give_pause) return;
  given->second = now;
  out.envelopes.push_back({beat.stamp.detector, *kept_});
}

/// For each detector heard: what is held of it; of one that does not know it, what is held of another one.
std::vector<Ack> ControllerState::held() const {
  std::vector<Ack> out = acks_;
  for (auto& ack : out)
    if (unaware_.contains(ack.detector)) ack.applied = kept_->version;
  for (const auto& [detector, start] : starts_) {
    const bool named = std::any_of(out.begin(), out.end(), [&](const Ack& a) { return a.detector == detector; });
    if (!named) out.push_back({.controller = {}, .detector = detector, .start = start, .applied = kept_->version});
  }
  return out;
}

void ControllerState::check_freshness(ControllerOutput& out, TimePoint now) {
  const auto age = feed_.age(now);
  if (!age) return;  // never heard one: there is nothing that could be stale
  const bool stale = !feed_.live(now);
  if (stale == stale_) return;
  stale_ = stale;
  if (stale) {
    out.events.push_back(ViewStale{settings_.cluster, *age});
  } else {
    out.events.push_back(ViewFresh{settings_.cluster});
  }
}

}  // namespace dbha
