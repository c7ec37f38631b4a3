#include "detector/reshard_witness.hpp"

#include <algorithm>

#include "topology/ranges.hpp"

namespace dbha {
namespace {

PartitionSet claims_in_vain(const View& own, const Topology& published, bool another_life, const PartitionSet& held) {
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

PartitionSet owned(const View& own) {
  PartitionSet out;
  for (const auto range : self_report(own).owns) out.set(range, {});
  return out;
}

bool same_stream(const PrimaryStream& known, const View& own) {
  return own.role == Role::primary && known.run_id == own.run_id && known.replid == own.replid;
}

void note_stream(std::map<NodeId, PrimaryStream>& streams, const View& own) {
  if (own.role != Role::primary) {
    streams.erase(own.node);
    return;
  }
  const auto known = streams.find(own.node);
  if (known != streams.end() && same_stream(known->second, own)) {
    known->second.at_first = both(known->second.at_first, owned(own));
  } else {
    streams[own.node] = {own.run_id, own.replid, owned(own)};
  }
}

bool as_published(const View& own, const Topology& topology) {
  const Node* node = topology.node(own.node);
  return node && own.role == Role::primary && node->run_id == own.run_id && node->replid == own.replid;
}

using Held = std::map<NodeId, PartitionSet>;

Held held_by_each(const Topology& published) {
  Held out;
  for (const auto& [range, claim] : published.claims) out[claim.owner].set(range, {});
  return out;
}

/// What the owners say now takes the place of what they said before; the others' last words stand.
PartitionMap<Cession> cessions(const PartitionMap<Cession>& before, const Topology& published,
                               const Evidence& evidence) {
  const auto speaks = [&](const NodeId& id) { return evidence.of(id) && as_published(*evidence.of(id), published); };
  PartitionMap<Cession> out;
  walk(published.claims, before, [&](PartitionRange piece, const Claim* claim, const Cession* said) {
    if (claim && said && claim->owner == said->from && !speaks(said->from)) out.set(piece, *said);
  });
  for (const auto& [id, held] : held_by_each(published)) {
    if (!speaks(id) || owned(*evidence.of(id)) == held) continue;
    const auto chart = evidence.charts.find(id);
    const auto& says = chart != evidence.charts.end() ? chart->second : chart_of(*evidence.of(id));
    for (const auto& [range, member] : held)
      within(says->claims, range, [&, from = id](PartitionRange piece, const Claim& claim) {
        if (!claim.owner.empty() && claim.owner != from) out.set(piece, {from, claim.owner});
      });
  }
  return out;
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
    note_stream(witness.streams, *view);
    PartitionSet& vain = witness.vain[id];
    vain = claims_in_vain(*view, published, in_another_life(*view, before), vain);
    if (vain.empty()) witness.vain.erase(id);
  }
  walk(before.claims, published.claims, [&](PartitionRange piece, const Claim* was, const Claim* is) {
    if (was && is && was->owner != is->owner && !was->owner.empty()) witness.given.set(piece, was->owner);
  });
  witness.ceded = cessions(witness.ceded, published, evidence);
}

bool claimed_in_vain(Partition p, const NodeId& node, const ReshardWitness& witness) {
  const auto claimed = witness.vain.find(node);
  return claimed != witness.vain.end() && claimed->second.find(p);
}

const PrimaryStream* stream_of(const View& own, const ReshardWitness& witness) {
  const auto known = witness.streams.find(own.node);
  return known != witness.streams.end() && same_stream(known->second, own) ? &known->second : nullptr;
}

bool was_primary_without(Partition p, const View& own, const ReshardWitness& witness) {
  const PrimaryStream* known = stream_of(own, witness);
  return known && !known->at_first.find(p);
}

bool was_owner(const NodeId& node, Partition p, const Topology& before, const ReshardWitness& witness) {
  const NodeId* giver = witness.given.find(p);
  const Mark* mark = before.marks.find(p);
  return (giver && *giver == node) || (mark && mark->owner == node);
}

}  // namespace dbha
