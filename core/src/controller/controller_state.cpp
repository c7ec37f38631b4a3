#include "controller/controller_state.hpp"

#include "topology/diff.hpp"
#include "topology/digest.hpp"
#include "topology/marks.hpp"
#include "topology/ranges.hpp"

namespace dbha {

ControllerState::ControllerState(ControllerSettings settings, TimePoint now)
    : settings_(std::move(settings)), feed_(settings_.detectors, settings_.seed, now), started_(now) {}

ControllerOutput ControllerState::on_publication(const Publication& publication, TimePoint now) {
  ControllerOutput out;
  if (feed_.take(publication, now)) rejoin(out, now);
  return out;
}

ControllerOutput ControllerState::on_beat(const Beat& beat, TimePoint now) {
  ControllerOutput out;
  feed_.take(beat, now);
  check_freshness(out, now);
  ask(out, now);
  return out;
}

ControllerOutput ControllerState::on_snapshot(std::size_t index, const Snapshot& snapshot, TimePoint now) {
  ControllerOutput out;
  if (feed_.take(index, snapshot, now)) rejoin(out, now);
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
  static const Topology nothing;
  Topology joined = join(target_ ? *target_ : nothing, feed_.heard(now));
  if (!target_ || joined != *target_) {
    target_acks_ = feed_.received();
    order(out, std::move(joined));
    return;
  }
  // Nothing to move: what was received is applied as soon as what is in use is.
  target_acks_ = feed_.received();
  if (applied_ == target_) {
    acks_ = target_acks_;
    out.acks = acks_;
  }
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
  if (!target_ && !self_read_asked_ && now - started_ >= settings_.self_read_after) {
    self_read_asked_ = true;
    out.read_topology = true;
  }
  return out;
}

void ControllerState::ask(ControllerOutput& out, TimePoint now) {
  if (auto index = feed_.due_request(now)) out.requests.push_back(*index);
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
