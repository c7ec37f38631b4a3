#include "detector/conclusion.hpp"

#include "topology/marks.hpp"

namespace dbha {
namespace {

/// The partitions whose change others have marked already: a mark of the very owner that was learnt. Where the mark
/// names an earlier one, the last step to the owner is nobody's event yet.
PartitionSet marked_by_others(const Topology& published, const Topology& joined) {
  PartitionMap<Claim> owned;  // where the mark is another event, the claim
  walk(joined.marks, published.marks, [&](PartitionRange range, const Mark* told, const Mark* held) {
    if (told && !(held && same_event(*told, *held))) owned.set(range, {told->epoch, 0, told->owner});
  });
  PartitionSet out;
  walk(owned, joined.claims, [&](PartitionRange range, const Claim* mark, const Claim* claim) {
    if (mark && claim && mark->owner == claim->owner) out.set(range, {});
  });
  // What this detector has never published it cannot judge either.
  walk(joined.claims, published.claims, [&](PartitionRange range, const Claim* claim, const Claim* held) {
    if (claim && !held) out.set(range, {});
  });
  return out;
}

template <class T>
PartitionMap<T> without(const PartitionMap<T>& map, const PartitionSet& taken_out) {
  PartitionMap<T> out;
  walk(map, taken_out, [&](PartitionRange range, const T* value, const Member* taken) {
    if (value && !taken) out.set(range, *value);
  });
  return out;
}

/// What was learnt by joining is judged as if it had been seen: who learns it may be the only one to live on, and each
/// would leave the mark to the other (C16).
Marking learn(const Grounds& g) {
  if (g.published.claims.empty() || g.published == g.joined) return {g.joined.marks, g.memory.pending};
  Topology before = g.published;
  before.marks = g.joined.marks;
  Marking judged = set_marks(before, g.joined, g.evidence, g.memory, g.now);
  const PartitionSet told = marked_by_others(g.published, g.joined);
  Marking out{without(judged.marks, told), without(judged.pending, told)};
  walk(g.joined.marks, told, [&](PartitionRange range, const Mark* mark, const Member* by_others) {
    if (mark && by_others) out.marks.set(range, *mark);
  });
  return out;
}

}  // namespace

Conclusion conclude(const Grounds& g) {
  Marking learnt = learn(g);
  Topology before = g.joined;
  before.marks = std::move(learnt.marks);
  MarkMemory memory = g.memory;
  memory.pending = std::move(learnt.pending);
  Conclusion out;
  out.topology.generation = g.generation;
  out.topology.partitions = g.joined.partitions;
  out.topology.claims = g.claims;
  out.topology.nodes = members(before, g.claims, g.candidate, g.evidence);
  Marking marking = set_marks(before, out.topology, g.evidence, memory, g.now);
  out.topology.marks = std::move(marking.marks);
  out.pending = std::move(marking.pending);
  return out;
}

}  // namespace dbha
