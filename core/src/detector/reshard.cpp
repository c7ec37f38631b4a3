#include "detector/reshard.hpp"

#include <algorithm>

namespace dbha {
namespace {

bool claims(const View& own, Partition p) {
  const auto& owns = self_report(own).owns;
  return std::any_of(owns.begin(), owns.end(), [&](PartitionRange r) { return r.contains(p); });
}

PartitionSet claimed_in_vain(const View& own, const Topology& published, const PartitionSet& before) {
  PartitionSet claimed;
  for (const auto range : self_report(own).owns) claimed.set(range, {});
  PartitionSet still;
  walk(claimed, before, [&](PartitionRange range, const Member* mine, const Member* vain) {
    if (mine && vain) still.set(range, {});
  });
  PartitionSet out;
  walk(claimed, published.claims, [&](PartitionRange range, const Member* mine, const Claim* claim) {
    const bool others = claim && !claim->owner.empty() && claim->owner != own.node;
    if (!mine || !others) return;
    const bool lower = self_report(own).epoch <= claim->epoch;
    PartitionSet piece;
    piece.set(range, {});
    walk(piece, still, [&](PartitionRange part, const Member* here, const Member* vain) {
      if (here && (lower || vain)) out.set(part, {});
    });
  });
  return out;
}

}  // namespace

VainClaims vain_claims(VainClaims out, const Topology& published, const Evidence& evidence) {
  for (const auto& [id, view] : evidence.views) {
    auto claimed = claimed_in_vain(*view, published, out[id]);
    if (claimed.empty()) {
      out.erase(id);
    } else {
      out[id] = std::move(claimed);
    }
  }
  return out;
}

std::optional<PendingReshard> possible_reshard(Partition p, const Claim& claim, const Topology& before,
                                               const Evidence& evidence, const VainClaims& vain, TimePoint now) {
  const Node* from = before.owner(p);
  const Node* to = before.node(claim.owner);
  const View* own = evidence.of(claim.owner);
  if (!from || !to || !own) return std::nullopt;
  const bool primary_all_along = to->role == Role::primary && own->role == Role::primary && to->replid == own->replid;
  const auto claimed = vain.find(claim.owner);
  const bool in_vain = claimed != vain.end() && claimed->second.find(p);
  if (!primary_all_along || in_vain) return std::nullopt;
  const bool next_epoch = claim.epoch.value <= before.epoch().value + 1;
  return PendingReshard{from->id, from->run_id, from->replid, to->id, next_epoch, now};
}

ReshardVerdict judge(const PendingReshard& pending, Partition p, const Evidence& evidence, TimePoint now) {
  const View* own = evidence.of(pending.from);
  if (!own || own->asked <= pending.since)
    return now - pending.since > reshard_answer_within ? ReshardVerdict::failover : ReshardVerdict::open;
  if (own->run_id != pending.run_id) return ReshardVerdict::failover;
  if (own->role == Role::replica) {
    const bool emptied = pending.next_epoch && self_report(*own).primary == pending.to;
    return emptied ? ReshardVerdict::reshard : ReshardVerdict::failover;
  }
  if (own->replid != pending.replid) return ReshardVerdict::failover;
  if (!claims(*own, p)) return ReshardVerdict::reshard;
  return now - pending.since > reshard_answer_within ? ReshardVerdict::failover : ReshardVerdict::open;
}

}  // namespace dbha
