#pragma once
/// What a node of a real Redis Cluster says the topology is: for tests that play the detector.

#include <algorithm>
#include <memory>

#include <dbha/topology.hpp>

#include "lab/cluster_nodes.hpp"
#include "lab/redis_cluster.hpp"

namespace dbha::test {

inline std::shared_ptr<const Topology> read_topology(const lab::RedisCluster& cluster, std::size_t index) {
  auto topology = std::make_shared<Topology>();
  topology->generation = 1;
  topology->partitions = lab::kSlots;
  for (const auto& said : lab::parse_cluster_nodes(cluster.client(index).demand({"CLUSTER", "NODES"}).text)) {
    Node node;
    node.id = {said.id};
    node.endpoint = {"127.0.0.1", said.port};
    node.role = said.is_primary() ? Role::primary : Role::replica;
    node.primary = {said.primary_id};
    topology->nodes.push_back(std::move(node));
    for (const auto& [first, last] : said.slots) {
      topology->claims.set({{static_cast<std::uint32_t>(first)}, {static_cast<std::uint32_t>(last)}},
                           {{said.config_epoch}, 0, {said.id}});
    }
  }
  std::sort(topology->nodes.begin(), topology->nodes.end(), [](auto& x, auto& y) { return x.id < y.id; });
  return topology;
}

}  // namespace dbha::test
