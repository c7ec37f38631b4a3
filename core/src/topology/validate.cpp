#include "topology/validate.hpp"

#include <set>

#include "topology/ranges.hpp"

namespace dbha {
namespace {

std::optional<std::string> violation_of(const NodeReport& report, std::uint32_t partitions,
                                        PartitionMap<NodeId>& owners) {
  if (report.id.empty()) return "a node without id";
  if (report.endpoint.port == 0 || report.endpoint.host.empty())
    return "node " + report.id.value + " has no usable address";
  if (report.role == Role::unknown) return "node " + report.id.value + " is neither primary nor replica";
  if (report.role == Role::replica && !report.owns.empty()) return "replica " + report.id.value + " claims partitions";
  for (const auto range : report.owns) {
    if (range.last < range.first || range.last.value >= partitions)
      return "partitions " + text_of(range) + " of node " + report.id.value + " are out of range";
    PartitionMap<NodeId> mine;
    mine.set(range, report.id);
    std::optional<std::string> overlap;
    walk(mine, owners, [&](PartitionRange piece, const NodeId* a, const NodeId* b) {
      if (a && b) overlap = "partitions " + text_of(piece) + " have two owners, " + b->value + " and " + a->value;
    });
    if (overlap) return overlap;
    owners.set(range, report.id);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> violation_of(const View& view, std::uint32_t partitions) {
  if (view.role == Role::unknown) return "it does not say whether it is primary or replica";
  std::set<NodeId> seen;
  PartitionMap<NodeId> owners;
  for (const auto& report : view.nodes) {
    if (!seen.insert(report.id).second) return "node " + report.id.value + " is named twice";
    if (auto violation = violation_of(report, partitions, owners)) return violation;
  }
  if (!seen.contains(view.node)) return "it does not name itself";
  return std::nullopt;
}

}  // namespace dbha
