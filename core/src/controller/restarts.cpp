#include "controller/restarts.hpp"

#include "topology/marks.hpp"

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

}  // namespace

std::vector<DbRestart> due_restarts(const PartitionMap<Mark>& marks, const std::optional<PartitionMap<Mark>>& handled) {
  if (marks.empty()) return {};
  if (!handled) return {first_start(marks)};
  std::vector<std::pair<Mark, DbRestart>> groups;
  walk(marks, *handled, [&](PartitionRange range, const Mark* mark, const Mark* done) {
    if (!mark || (done && same_event(*mark, *done))) return;
    auto it = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return one_change(g.first, *mark); });
    if (it == groups.end()) it = groups.insert(groups.end(), {*mark, of(*mark)});
    it->second.partitions.set(range, {});
    it->second.epoch = std::max(it->second.epoch, mark->epoch);
  });
  std::vector<DbRestart> out;
  for (auto& [mark, event] : groups) out.push_back(std::move(event));
  return out;
}

}  // namespace dbha
