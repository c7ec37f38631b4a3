#include "controller/restarts.hpp"

#include <algorithm>

#include "topology/marks.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

DbRestart first_start(const PartitionMap<Mark>& marks) {
  DbRestart out;
  out.cause = Cause::start;
  for (const auto& [range, mark] : marks) {
    out.partitions.set(range, {});
    out.epoch = std::max(out.epoch, mark.epoch);
  }
  return out;
}

/// Partitions that came to a shard at different times carry other counts and epochs; what befalls all of them is one
/// event.
bool one_change(const Mark& a, const Mark& b) {
  return same_event(a, b) && a.owner == b.owner && a.cause == b.cause && a.old_owner == b.old_owner;
}

DbRestart of(const Mark& mark) {
  DbRestart out;
  out.cause = mark.cause;
  out.old_primary = mark.old_owner;
  out.new_primary = mark.owner;
  out.epoch = mark.epoch;
  out.last_healthy_ms = mark.last_healthy_ms;
  return out;
}

Loss told(const Mark& mark, const Mark* done, bool followed) {
  const bool proven = followed && done && directly_after(mark, *done);
  return mark.loss == Loss::none && !proven ? Loss::unknown : mark.loss;
}

NodeId common(const NodeId& a, const NodeId& b) {
  return a == b ? a : NodeId{};
}

}  // namespace

bool directly_after(const Mark& mark, const Mark& handled) {
  return mark.old_owner == handled.owner && mark.owner != handled.owner;
}

std::int64_t earlier_healthy(std::int64_t a, std::int64_t b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

Loss worse(Loss a, Loss b) {
  if (a == Loss::possible || b == Loss::possible) return Loss::possible;
  return a == Loss::none && b == Loss::none ? Loss::none : Loss::unknown;
}

DbRestart merged(std::vector<DbRestart> events) {
  // The last one of the highest epoch: a restart in place raises none.
  DbRestart out = *std::max_element(events.rbegin(), events.rend(),
                                    [](const DbRestart& a, const DbRestart& b) { return a.epoch < b.epoch; });
  const PartitionSet shard = out.partitions;
  for (const auto& event : events) {
    if (event.partitions != shard) {
      out.old_primary = common(out.old_primary, event.old_primary);
      out.new_primary = common(out.new_primary, event.new_primary);
    }
    add(out.partitions, event.partitions);
    out.last_healthy_ms = earlier_healthy(out.last_healthy_ms, event.last_healthy_ms);
    out.loss = worse(out.loss, event.loss);
    out.partial |= event.partial;
  }
  return out;
}

std::vector<DbRestart> due_restarts(const PartitionMap<Mark>& marks, const std::optional<PartitionMap<Mark>>& handled,
                                    bool followed) {
  if (marks.empty()) return {};
  if (!handled) return {first_start(marks)};
  std::vector<std::pair<Mark, DbRestart>> groups;
  walk(marks, *handled, [&](PartitionRange range, const Mark* mark, const Mark* done) {
    if (!mark || (done && same_event(*mark, *done))) return;
    auto it = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return one_change(g.first, *mark); });
    const Loss loss = told(*mark, done, followed);
    if (it == groups.end()) {
      it = groups.insert(groups.end(), {*mark, of(*mark)});
      it->second.loss = loss;
    }
    it->second.loss = worse(it->second.loss, loss);
    it->second.partitions.set(range, {});
    it->second.epoch = std::max(it->second.epoch, mark->epoch);
  });
  std::vector<DbRestart> out;
  for (auto& [mark, event] : groups) out.push_back(std::move(event));
  return out;
}

}  // namespace dbha
