#include "topology/join.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "topology/marks.hpp"

namespace dbha {
namespace {

PartitionMap<Claim> join_claims(const PartitionMap<Claim>& a, const PartitionMap<Claim>& b) {
  PartitionMap<Claim> out;
  walk(a, b, [&](PartitionRange range, const Claim* x, const Claim* y) {
    out.set(range, !y || (x && !wins(*y, *x)) ? *x : *y);
  });
  return out;
}

bool succeeds(const Node& a, const Node& b) {
  return std::find(a.predecessors.begin(), a.predecessors.end(), b.run_id) != a.predecessors.end();
}

/// Who is asked first about a node; a total order, so that every controller comes to the same result.
struct Preference {
  const Heard* heard;
  bool reaches;
  bool followed;
  friend bool operator<(const Preference& a, const Preference& b) {
    if (a.reaches != b.reaches) return a.reaches;
    if (a.followed != b.followed) return a.followed;
    return a.heard->detector < b.heard->detector;
  }
};

std::vector<Preference> preferences(const std::vector<const Heard*>& heard, const NodeId& id) {
  std::vector<Preference> out;
  for (const Heard* h : heard) {
    const bool reaches = h->live && std::find(h->reach.begin(), h->reach.end(), id) != h->reach.end();
    out.push_back({h, reaches, h->live && !h->degraded});
  }
  std::sort(out.begin(), out.end());
  return out;
}

void take_incarnation(Node& into, const Node& from) {
  if (from.run_id.empty()) return;
  into.run_id = from.run_id;
  into.predecessors = from.predecessors;
}

/// A life that succeeds another wins. Of one life told twice, who knows more of those before it is followed: two
/// detectors, one of which was away meanwhile, would otherwise keep two lists for ever.
void join_incarnation(Node& into, const Node& from) {
  const auto knowledge = [](const Node& n) { return std::tuple(n.predecessors.size(), n.predecessors); };
  if (into.run_id.empty() || succeeds(from, into)) {
    take_incarnation(into, from);
  } else if (into.run_id == from.run_id && knowledge(from) > knowledge(into)) {
    into.predecessors = from.predecessors;
  }
}

/// The node as the preferred detector tells it; a life that succeeds another wins whoever tells it, in whatever
/// generation: otherwise the order of arrival would matter.
Node join_node(const Node* previous, const std::vector<const Heard*>& heard, const std::vector<Heard>& all,
               const NodeId& id) {
  std::optional<Node> out;
  for (const auto& preference : preferences(heard, id)) {
    const Node* said = preference.heard->topology->node(id);
    if (!said) continue;
    if (!out) {
      out = *said;
      continue;
    }
    join_incarnation(*out, *said);
    if (out->role == Role::unknown) out->role = said->role;
    if (out->replid.empty() && out->role == Role::primary && said->role == Role::primary) out->replid = said->replid;
  }
  if (!out) return *previous;
  for (const auto& h : all) {
    const Node* said = h.topology->node(id);
    if (said) join_incarnation(*out, *said);
  }
  if (previous) join_incarnation(*out, *previous);
  return *out;
}

}  // namespace

bool wins(const Claim& a, const Claim& b) {
  if (a.epoch != b.epoch) return a.epoch > b.epoch;
  if (a.turn != b.turn) return a.turn > b.turn;
  return a.owner < b.owner;
}

Topology join(const Topology& previous, const std::vector<Heard>& heard) {
  std::uint64_t generation = previous.generation;
  for (const auto& h : heard) generation = std::max(generation, h.topology->generation);
  std::vector<const Heard*> followed;
  for (const auto& h : heard)
    if (h.topology->generation == generation) followed.push_back(&h);
  if (followed.empty()) return previous;

  Topology out;
  out.generation = generation;
  out.partitions = followed.front()->topology->partitions;
  // A lower generation's claims count no longer: its epochs are those of a database that was rebuilt. Its marks stay
  // comparable only within it as well.
  if (previous.generation == generation) {
    out.claims = previous.claims;
    out.marks = previous.marks;
  }
  std::set<NodeId> ids;
  for (const Heard* h : followed) {
    out.claims = join_claims(out.claims, h->topology->claims);
    for (const auto& node : h->topology->nodes) ids.insert(node.id);
  }
  // An owner stays a member as long as a claim names it, whatever the lists of members say.
  for (const auto& entry : out.claims)
    if (previous.node(entry.value.owner)) ids.insert(entry.value.owner);
  for (const auto& id : ids) out.nodes.push_back(join_node(previous.node(id), followed, heard, id));
  const auto present = [&out](const NodeId& id) {
    const Node* node = out.node(id);
    return node ? node->replid : ReplId{};
  };
  for (const Heard* h : followed) out.marks = join_marks(out.marks, h->topology->marks, present);
  return out;
}

}  // namespace dbha
