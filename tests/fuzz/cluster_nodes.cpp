// CLUSTER NODES: what is accepted is a map that routes, and means the same when it is written again.
#include "redis/cluster_nodes.hpp"

#include <algorithm>
#include <bitset>
#include <set>

#include "invariant.hpp"

using namespace dbha;
using namespace dbha::fuzz;

namespace {

std::string written(const redis::ClusterNodes& nodes) {
  std::string text;
  for (const NodeReport& node : nodes.nodes) {
    text += node.id.value + ' ' + node.endpoint.host + ':' + std::to_string(node.endpoint.port) + "@1 " +
            (node == nodes.myself ? "myself," : "") + (node.role == Role::primary ? "master" : "slave") +
            (node.failing ? ",fail " : " ") + (node.primary.empty() ? "-" : node.primary.value) + " 0 0 " +
            std::to_string(node.epoch.value) + " connected";
    for (const PartitionRange& range : node.owns)
      text += ' ' + std::to_string(range.first.value) + '-' + std::to_string(range.last.value);
    text += '\n';
  }
  return text;
}

void hold_map(const redis::ClusterNodes& nodes) {
  std::bitset<redis::slots> owned;
  std::set<NodeId> ids;
  for (const NodeReport& node : nodes.nodes) {
    hold(ids.insert(node.id).second && !node.id.empty(), "ids are unique");
    hold(node.endpoint.port != 0, "a node has a port");
    hold(node.role != Role::unknown, "a node has a role");
    hold(node.role == Role::primary || node.owns.empty(), "a replica owns nothing");
    for (const PartitionRange& range : node.owns) {
      hold(range.first <= range.last && range.last.value < redis::slots, "slots exist");
      for (auto slot = range.first.value; slot <= range.last.value; ++slot) {
        hold(!owned[slot], "a slot has one owner");
        owned.set(slot);
      }
    }
  }
  hold(std::count(nodes.nodes.begin(), nodes.nodes.end(), nodes.myself) == 1, "who answered is one of them");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = redis::parse_cluster_nodes(text_of(data, size));
  if (const auto* violation = redis::violation_of(parsed)) {
    hold_printable(*violation);
    return 0;
  }
  const auto& nodes = std::get<redis::ClusterNodes>(parsed);
  hold_map(nodes);
  const auto again = redis::parse_cluster_nodes(written(nodes));
  hold(!redis::violation_of(again), "written again it is accepted");
  hold(std::get<redis::ClusterNodes>(again).nodes == nodes.nodes, "written again it means the same");
  return 0;
}
