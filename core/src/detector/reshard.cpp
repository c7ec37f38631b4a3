#include "detector/reshard.hpp"

#include <algorithm>

#include "topology/ranges.hpp"

namespace dbha {
namespace {

bool claims(const View& own, Partition p) {
  const auto& owns = self_report(own).owns;
  return std::any_of(owns.begin(), owns.end(), [&](PartitionRange r) { return r.contains(p); });
}

PartitionSet claimed_in_vain(const View& own, const Topology& published, bool another_life, const PartitionSet& held) {
  PartitionSet of_others;
  PartitionSet out;
  for (const auto owned : self_report(own).owns)
    within(published.claims, owned, [&](PartitionRange range, const Claim& claim) {
      if (claim.owner.empty() || claim.owner == own.node) return;
      of_others.set(range, {});
      if (another_life || self_report(own).epoch <= claim.epoch) out.set(range, {});
    });
  add(out, both(of_others, held));
  return out;
}

/// A replica of the old owner has been promoted since that one claimed the partition at `held`, before this claim or,
/// where both took the same epoch, at any rate not after it: it is a primary now, or its promotion has set a mark. Then
/// the partition went through it, whoever owns it now.
bool failed_over_before(const Claim& claim, const Claim& held, const Topology& before, const Evidence& evidence) {
  for (const auto& [id, view] : evidence.views) {
    const Node* node = before.node(id);
    const bool followed = node && node->role == Role::replica && node->primary == held.owner;
    if (followed && id != claim.owner && view->role == Role::primary && self_report(*view).epoch <= claim.epoch)
      return true;
  }
  return std::any_of(before.marks.begin(), before.marks.end(), [&](const auto& entry) {
    const Mark& mark = entry.value;
    return mark.old_owner == held.owner && mark.owner != held.owner && mark.epoch > held.epoch &&
           mark.epoch <= claim.epoch;
  });
}

bool primary_with(const ReplId& replid, const View& own) {
  return own.role == Role::primary && own.replid == replid;
}

bool in_another_life(const View& own, const Topology& before) {
  const Node* node = before.node(own.node);
  return node && !node->run_id.empty() && node->run_id != own.run_id;
}

}  // namespace

void note(ReshardWitness& witness, const Topology& before, const Topology& published, const Evidence& evidence) {
  const Epoch accounted_for = before.epoch();
  for (const auto& [id, view] : evidence.views) {
    if (view->role == Role::primary) witness.heard[id] = std::min(view->current_epoch, accounted_for);
    PartitionSet& vain = witness.vain[id];
    vain = claimed_in_vain(*view, published, in_another_life(*view, before), vain);
    if (vain.empty()) witness.vain.erase(id);
  }
}

std::optional<PendingReshard> possible_reshard(Partition p, const Claim& claim, const Topology& before,
                                               const Evidence& evidence, const ReshardWitness& witness, TimePoint now) {
  const Node* from = before.owner(p);
  const Node* to = before.node(claim.owner);
  if (!from || !to || to->role != Role::primary) return std::nullopt;
  if (evidence.of(claim.owner) && !primary_with(to->replid, *evidence.of(claim.owner))) return std::nullopt;
  const auto claimed = witness.vain.find(claim.owner);
  if (claimed != witness.vain.end() && claimed->second.find(p)) return std::nullopt;
  const auto heard = witness.heard.find(from->id);
  const Claim& held = *before.claims.find(p);
  const bool next_epoch = heard != witness.heard.end() && claim.epoch.value <= heard->second.value + 1 &&
                          !failed_over_before(claim, held, before, evidence);
  return PendingReshard{
      from->id,   from->run_id, from->replid, to->id, evidence.of(to->id) ? std::nullopt : std::optional(to->replid),
      next_epoch, held.epoch,   now};
}

ReshardVerdict judge(const PendingReshard& pending, Partition p, const Claim& claim, const Topology& before,
                     const Evidence& evidence, TimePoint now) {
  const auto open = now - pending.since > reshard_answer_within ? ReshardVerdict::failover : ReshardVerdict::open;
  if (pending.taker) {
    const View* taker = evidence.of(pending.to);
    if (!taker) return open;
    if (!primary_with(*pending.taker, *taker)) return ReshardVerdict::failover;
  }
  const View* own = evidence.of(pending.from);
  if (!own || own->asked <= pending.since) return open;
  if (own->run_id != pending.run_id) return ReshardVerdict::failover;
  if (failed_over_before(claim, {pending.held, 0, pending.from}, before, evidence)) return ReshardVerdict::failover;
  if (own->role == Role::replica) return pending.next_epoch ? ReshardVerdict::reshard : ReshardVerdict::failover;
  if (own->replid != pending.replid) return ReshardVerdict::failover;
  return claims(*own, p) ? open : ReshardVerdict::reshard;
}

}  // namespace dbha
