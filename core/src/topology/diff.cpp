#include "topology/diff.hpp"

#include <map>

#include "dbha/events.hpp"
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

void ownership(const Topology& before, const Topology& after, Groups& groups) {
  walk(before.claims, after.claims, [&](PartitionRange range, const Claim* a, const Claim* b) {
    const NodeId from = owner_of(a);
    const NodeId to = owner_of(b);
    if (from == to) return;
    if (to.empty()) {
      groups[{ChangeKind::uncovered, from, to}].set(range, {});
      return;
    }
    // A change of owner is a reshard where the marks say that nothing was lost: piece by piece.
    PartitionMap<Claim> piece;
    piece.set(range, *b);
    walk(piece, after.marks, [&](PartitionRange part, const Claim* claim, const Mark* mark) {
      if (!claim) return;
      const Mark* old = before.marks.find(part.first);
      const bool marked = mark && !(old && same_event(*mark, *old));
      const ChangeKind kind = from.empty() ? ChangeKind::membership
                              : marked     ? ChangeKind::failover
                                           : ChangeKind::reshard;
      groups[{kind, from, to}].set(part, {});
    });
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
    const bool new_life = !a->run_id.empty() && !b->run_id.empty() && a->run_id != b->run_id;
    const PartitionSet owned = partitions_of(after, id);
    if (new_life && !owned.empty() && !partitions_of(before, id).empty())
      add(groups[{ChangeKind::restart, id, id}], owned);
    const bool other_life_of_replica = new_life && owned.empty();
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

std::string short_id(const NodeId& id) {
  return id.empty() ? "nobody" : id.value.substr(0, 8);
}

std::string text_of(const TopologyDiff& diff) {
  if (diff.empty()) return "replication details";  // streams or lives of nodes, which route nothing
  std::string out;
  for (const auto& change : diff.changes) {
    if (!out.empty()) out += "; ";
    out += text_of(change.kind);
    if (!change.partitions.empty()) out += ' ' + text_of(change.partitions);
    if (change.before.empty() && change.after.empty()) continue;
    out += ' ' + short_id(change.before);
    if (change.before != change.after) out += "->" + short_id(change.after);
  }
  return out;
}

}  // namespace dbha
