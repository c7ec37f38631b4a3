#include "detector/loss.hpp"

#include <algorithm>

#include "topology/marks.hpp"

namespace dbha {
namespace {

constexpr Duration soon = std::chrono::milliseconds(10);
constexpr Duration asked_for = std::chrono::seconds(5);  ///< later the rounds bring it, if it comes at all

/// The new owner as it was promoted for this mark: nothing has changed its stream since.
bool as_promoted(const Mark& mark, const View* owner) {
  return owner && owner->role == Role::primary && !mark.replid.empty() && stream_of(mark.replid) == owner->replid.value;
}

bool follows(const View& replica, const View& primary) {
  return replica.role == Role::replica && self_report(replica).primary == primary.node &&
         replica.replid == primary.replid;
}

LossVerdict of_restart(const Mark& mark, const Written& before, const View* owner) {
  if (!as_promoted(mark, owner) || owner->run_id == before.run_id) return {};
  const bool goes_on = owner->previous_replid == before.replid && owner->previous_offset > 0;
  return {Loss::possible, before.offset, goes_on ? owner->previous_offset - 1 : 0};
}

}  // namespace

LossVerdict judge_loss(const Mark& mark, const Written& before, const View* old_owner, const View* owner) {
  if (before.replid.empty()) return {};
  if (mark.cause == Cause::restart && mark.owner == mark.old_owner) return of_restart(mark, before, owner);
  if (mark.cause != Cause::failover || mark.owner == mark.old_owner || !as_promoted(mark, owner)) return {};
  if (owner->previous_replid.empty()) return {};  // this database does not tell
  // Both are the first byte that is missing.
  const bool followed = owner->previous_replid == before.replid && owner->previous_offset > 0;
  const std::int64_t had = followed ? owner->previous_offset - 1 : -1;
  if (followed && before.offset > had) return {Loss::possible, before.offset, had};
  if (!old_owner || !follows(*old_owner, *owner)) return {};
  const bool same_life = old_owner->run_id == before.run_id;
  const bool continued = same_life && followed && old_owner->previous_replid == before.replid;
  if (!continued) return {Loss::possible, before.offset, had};
  const bool all = old_owner->previous_offset > 0 && old_owner->previous_offset <= owner->previous_offset;
  return {all ? Loss::none : Loss::possible, old_owner->previous_offset - 1, had};
}

PartitionMap<Mark> LossWatch::learn(const PartitionMap<Mark>& marks, const PartitionMap<Mark>& before,
                                    const Evidence& evidence, TimePoint now) {
  open(marks, before, now);
  note(evidence);
  PartitionMap<Mark> out;
  std::vector<Open> still;
  for (const auto& [range, said] : marks) {
    Mark mark = said;
    if (Open* known = said.loss == Loss::unknown ? of(said) : nullptr) {
      known->mark = said;  // its stream may have become known
      const auto verdict = judge_loss(said, known->before, evidence.of(said.old_owner), evidence.of(said.owner));
      mark.loss = verdict.loss;
      mark.old_offset = verdict.old_offset;
      mark.new_offset = verdict.new_offset;
      if (mark.loss == Loss::unknown) still.push_back(*known);
    }
    out.set(range, std::move(mark));
  }
  std::erase_if(open_, [&](const Open& o) {
    return std::none_of(still.begin(), still.end(), [&](const Open& s) { return same_event(s.mark, o.mark); });
  });
  return out;
}

/// Before the new evidence is noted: a restart overwrites what the life before it had written.
void LossWatch::open(const PartitionMap<Mark>& marks, const PartitionMap<Mark>& before, TimePoint now) {
  walk(marks, before, [&](PartitionRange, const Mark* mark, const Mark* old) {
    if (!mark || !old || mark->loss != Loss::unknown || same_event(*mark, *old) || of(*mark)) return;
    const auto it = written_.find(mark->old_owner);
    if (it != written_.end()) open_.push_back({*mark, it->second, now, now});
  });
}

/// An old owner that has not heard of its successor goes on writing, and acknowledging: that is lost as well.
void LossWatch::note(const Evidence& evidence) {
  for (const auto& [id, view] : evidence.views) {
    if (view->role != Role::primary || view->replid.empty()) continue;
    Written& written = written_[id];
    if (written.run_id != view->run_id || written.replid != view->replid) written = {view->run_id, view->replid, -1};
    written.offset = std::max(written.offset, view->replication_offset);
    for (auto& o : open_)
      if (o.mark.old_owner == id && o.before.run_id == written.run_id && o.before.replid == written.replid)
        o.before.offset = std::max(o.before.offset, written.offset);
  }
}

LossWatch::Open* LossWatch::of(const Mark& mark) {
  const auto it = std::find_if(open_.begin(), open_.end(), [&](const Open& o) {
    return same_event(o.mark, mark) && o.mark.owner == mark.owner && o.mark.old_owner == mark.old_owner;
  });
  return it == open_.end() ? nullptr : &*it;
}

std::vector<NodeId> LossWatch::wanted(TimePoint now) {
  std::vector<NodeId> out;
  for (auto& o : open_) {
    const Duration since = now - o.since;
    if (since > asked_for || now - o.asked < std::max(soon, since / 4)) continue;
    o.asked = now;
    out.push_back(o.mark.owner);
    if (o.mark.old_owner != o.mark.owner) out.push_back(o.mark.old_owner);
  }
  return out;
}

}  // namespace dbha
