#include "topology/diff.hpp"

#include <map>

#include <dbha/events.hpp>

#include "topology/marks.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

struct Key {
  ChangeKind kind;
  NodeId before;
  NodeId after;
  auto operator<=>(const Key&) const = default;
};
using Groups = std::map<Key, PartitionSet>;

NodeId owner_of(const Claim* claim) {
  return claim ? claim->owner : NodeId{};
}

bool new_life(const Node* before, const Node* after) {
  return before && after && !before->run_id.empty() && !after->run_id.empty() && before->run_id != after->run_id;
}

/// A change of owner is a reshard where the marks say that nothing was lost: piece by piece.
void change_of_owner(PartitionRange range, const NodeId& from, const NodeId& to, const PartitionSet& lost,
                     Groups& groups) {
  PartitionSet piece;
  piece.set(range, {});
  walk(piece, lost, [&](PartitionRange part, const Member* here, const Member* marked) {
    if (!here) return;
    const ChangeKind kind = from.empty() ? ChangeKind::membership : marked ? ChangeKind::failover : ChangeKind::reshard;
    groups[{kind, from, to}].set(part, {});
  });
}

/// The same owner with another mark and in the same life: it was replica in between (C5), or what looked like a reshard
/// was not borne out.
void loss_under_the_same_owner(PartitionRange range, const Topology& before, const Topology& after, const NodeId& owner,
                               const PartitionSet& lost, Groups& groups) {
  if (new_life(before.node(owner), after.node(owner))) return;
  PartitionSet piece;
  piece.set(range, {});
  walk(piece, lost, [&](PartitionRange part, const Member* here, const Member* marked) {
    if (here && marked) groups[{ChangeKind::failover, after.marks.find(part.first)->old_owner, owner}].set(part, {});
  });
}

void ownership(const Topology& before, const Topology& after, Groups& groups) {
  const PartitionSet lost = due(after.marks, before.marks);
  walk(before.claims, after.claims, [&](PartitionRange range, const Claim* a, const Claim* b) {
    const NodeId from = owner_of(a);
    const NodeId to = owner_of(b);
    if (to.empty()) {
      if (from != to) groups[{ChangeKind::uncovered, from, to}].set(range, {});
    } else if (from != to) {
      change_of_owner(range, from, to, lost, groups);
    } else {
      loss_under_the_same_owner(range, before, after, to, lost, groups);
    }
  });
}

void members(const Topology& before, const Topology& after, Groups& groups) {
  std::map<NodeId, std::pair<const Node*, const Node*>> nodes;
  for (const auto& node : before.nodes) nodes[node.id].first = &node;
  for (const auto& node : after.nodes) nodes[node.id].second = &node;
  for (const auto& [id, pair] : nodes) {
    const auto [a, b] = pair;
    if (!a || !b) {
      groups[{ChangeKind::membership, a ? id : NodeId{}, b ? id : NodeId{}}];
      continue;
    }
    const PartitionSet owned = partitions_of(after, id);
    const bool restarted = new_life(a, b);
    if (restarted && !owned.empty() && !partitions_of(before, id).empty())
      add(groups[{ChangeKind::restart, id, id}], owned);
    const bool other_life_of_replica = restarted && owned.empty();
    if (a->role != b->role || a->primary != b->primary || other_life_of_replica)
      groups[{ChangeKind::membership, id, id}];
    if (a->endpoint != b->endpoint) groups[{ChangeKind::address, id, id}];
  }
}

}  // namespace

TopologyDiff diff(const Topology& before, const Topology& after) {
  Groups groups;
  if (before.generation != after.generation) groups[{ChangeKind::generation, {}, {}}];
  ownership(before, after, groups);
  members(before, after, groups);
  TopologyDiff out;
  for (auto& [key, partitions] : groups)
    out.changes.push_back({key.kind, std::move(partitions), key.before, key.after});
  return out;
}

}  // namespace dbha
