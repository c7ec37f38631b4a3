#include "detector/reshard.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "topology/ranges.hpp"

namespace dbha {
namespace {

/// With what epoch the node claims what it owns; nothing if it owns nothing.
std::optional<Epoch> epoch_of(const NodeId& owner, const Topology& topology) {
  std::optional<Epoch> out;
  for (const auto& entry : topology.claims)
    if (entry.value.owner == owner) out = std::max(out.value_or(Epoch{}), entry.value.epoch);
  return out;
}

/// A replica of the old owner has been promoted since that one claimed the partition at `held`, at an epoch that is not
/// above `last`: it is a primary now, or its promotion has set a mark. Then the partition went through it, whoever owns
/// it now.
bool failed_over(const Claim& claim, const Claim& held, Epoch last, const Topology& before, const Evidence& evidence) {
  for (const auto& [id, view] : evidence.views) {
    const Node* node = before.node(id);
    const bool followed = node && node->role == Role::replica && node->primary == held.owner;
    if (followed && id != claim.owner && view->role == Role::primary && self_report(*view).epoch <= last) return true;
  }
  return std::any_of(before.marks.begin(), before.marks.end(), [&](const auto& entry) {
    const Mark& mark = entry.value;
    return mark.old_owner == held.owner && mark.owner != held.owner && mark.epoch > held.epoch && mark.epoch <= last;
  });
}

/// Which epochs above that one and below the claim's are those of primaries that did not follow the old owner, nor does
/// it or did the new owner follow them, whoever says so: elections and migrations elsewhere.
std::set<Epoch> spent_elsewhere(Epoch heard, const Claim& claim, const NodeId& from, const Topology& before,
                                const Evidence& evidence) {
  const View* own = evidence.of(from);
  const NodeId successor = own ? self_report(*own).primary : NodeId{};
  const NodeId former = before.node(claim.owner)->primary;
  std::set<Epoch> out;
  for (const auto& saying : sayings_of(evidence))
    for (const auto& report : saying.chart->nodes) {
      const Node* node = before.node(report.id);
      if (!node || node->primary == from || report.role != Role::primary) continue;
      if (report.id == successor || report.id == former) continue;
      if (heard < report.epoch && report.epoch < claim.epoch) out.insert(report.epoch);
    }
  return out;
}

/// The greatest epoch that was taken before the claim, as far as its own epoch tells, or at the same time. Who had the
/// greatest already takes none for a migration: then it does not tell.
Epoch last_before(const Claim& claim, const Topology& before) {
  const auto held = epoch_of(claim.owner, before);
  return held && *held == claim.epoch ? Epoch{std::numeric_limits<std::uint64_t>::max()} : claim.epoch;
}

/// No election of a successor of the old owner has an epoch that is not above the claim's.
bool direct(Epoch heard, const Claim& claim, const Claim& held, const Topology& before, const Evidence& evidence) {
  if (failed_over(claim, held, last_before(claim, before), before, evidence)) return false;
  return claim.epoch.value <= heard.value + 1 + spent_elsewhere(heard, claim, held.owner, before, evidence).size();
}

/// The new owner, a replica of another shard as published, has been promoted there. It did not get the partition by
/// that: its primary never owned it, as far as is known (a replica that had not heard of a reshard takes back what its
/// primary gave away), nor did it get it afterwards, for which it would have taken an epoch, as it had not the
/// greatest.
bool promoted_elsewhere(Partition p, const Node& to, const NodeId& from, const Topology& before,
                        const ReshardWitness& witness) {
  if (to.role != Role::replica || to.primary.empty() || to.primary == from) return false;
  const auto epoch = epoch_of(to.primary, before);
  return epoch && *epoch < witness.heard.at(from) && !was_owner(to.primary, p, before, witness);
}

/// The new owner lost it to the old one in the last failover: it is a replica of that one by then, and gets it back by
/// another failover.
bool lost_to(const NodeId& from, const NodeId& to, Partition p, const Topology& before) {
  const Mark* mark = before.marks.find(p);
  return mark && mark->owner == from && mark->old_owner == to;
}

AwaitedTaker same_life(const Node& to) {
  return {to.run_id};
}

/// Nothing if it was no primary.
std::optional<AwaitedTaker> same_stream(const Node& to) {
  if (to.role != Role::primary) return std::nullopt;
  return AwaitedTaker{to.run_id, to.replid};
}

bool bears_out(const AwaitedTaker& awaited, const View& own) {
  if (own.role != Role::primary) return false;
  return awaited.replid ? own.replid == *awaited.replid : own.run_id == awaited.run_id;
}

}  // namespace

std::optional<PendingReshard> possible_reshard(Partition p, const Claim& claim, const Topology& before,
                                               const Evidence& evidence, const ReshardWitness& witness, TimePoint now) {
  const Node* from = before.owner(p);
  const Node* to = before.node(claim.owner);
  if (!from || !to || claimed_in_vain(p, to->id, witness)) return std::nullopt;
  const Claim& held = *before.claims.find(p);
  const auto heard = witness.heard.find(from->id);
  const bool is_direct = heard != witness.heard.end() && direct(heard->second, claim, held, before, evidence);
  const bool elsewhere = is_direct && promoted_elsewhere(p, *to, from->id, before, witness);
  const auto awaited = elsewhere ? std::optional(same_life(*to)) : same_stream(*to);
  const View* taker = evidence.of(to->id);
  const bool seen_without = taker && was_primary_without(p, *taker, witness);
  const bool heard_with = taker && stream_of(*taker, witness) && !seen_without;
  const bool as_awaited = awaited && (!taker || bears_out(*awaited, *taker)) && (!heard_with || elsewhere);
  if (!seen_without && (!as_awaited || lost_to(from->id, to->id, p, before))) return std::nullopt;
  const Cession* said = witness.ceded.find(p);
  return PendingReshard{.from = from->id,
                        .run_id = from->run_id,
                        .replid = from->replid,
                        .to = to->id,
                        .taker = taker ? std::nullopt : awaited,
                        .direct = is_direct,
                        .ceded = said && *said == Cession{from->id, to->id},
                        .held = held.epoch,
                        .since = now};
}

ReshardVerdict judge(const PendingReshard& pending, Partition p, const Claim& claim, const Topology& before,
                     const Evidence& evidence, TimePoint now) {
  const bool late = now - pending.since > reshard_answer_within;
  const auto open = late ? ReshardVerdict::failover : ReshardVerdict::open;
  if (pending.taker) {
    const View* taker = evidence.of(pending.to);
    if (!taker) return open;
    if (!bears_out(*pending.taker, *taker)) return ReshardVerdict::failover;
  }
  const bool elected = failed_over(claim, {pending.held, 0, pending.from}, claim.epoch, before, evidence);
  if (elected) return ReshardVerdict::failover;
  const View* own = evidence.of(pending.from);
  if (!own || own->asked <= pending.since) return pending.ceded && late ? ReshardVerdict::reshard : open;
  if (pending.ceded) return ReshardVerdict::reshard;
  if (own->run_id != pending.run_id) return ReshardVerdict::failover;
  if (own->role == Role::replica) return pending.direct ? ReshardVerdict::reshard : ReshardVerdict::failover;
  if (own->replid != pending.replid) return ReshardVerdict::failover;
  return claims(*own, p) ? open : ReshardVerdict::reshard;
}

}  // namespace dbha
