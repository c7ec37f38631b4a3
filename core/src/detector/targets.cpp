#include "detector/targets.hpp"

#include <map>

namespace dbha {

std::vector<Target> targets_of(const Evidence& evidence, const Topology* published,
                               const std::vector<Endpoint>& seeds) {
  std::map<NodeId, Target> by_id;
  if (published) {
    for (const auto& node : published->nodes)
      by_id[node.id] = {node.endpoint, node.id, node.role, node.role == Role::replica ? node.primary : node.id};
  }
  const auto take = [&](const NodeReport& report) {
    by_id[report.id] = {report.endpoint, report.id, report.role,
                        report.role == Role::replica ? report.primary : report.id};
  };
  for (const auto& saying : sayings_of(evidence))
    for (const auto& report : saying.chart->nodes)
      if (!by_id.contains(report.id) || report.role == Role::primary) take(report);
  for (const auto& [id, view] : evidence.views)
    take(self_report(*view));  // a node's word on itself comes before others'

  std::map<Endpoint, Target> by_endpoint;
  for (auto& [id, target] : by_id)
    if (target.endpoint.port != 0) by_endpoint[target.endpoint] = target;
  if (evidence.views.empty())
    for (const auto& seed : seeds) by_endpoint.try_emplace(seed, Target{seed, {}, Role::unknown, {}});
  std::vector<Target> out;
  for (auto& [endpoint, target] : by_endpoint) out.push_back(std::move(target));
  return out;
}

}  // namespace dbha
