#pragma once
/// The kinds of database on which those tests run that name none: TEMPLATE_TEST_CASE(NAME, TAGS, OnRedis, OnMemory).

#include "fleet.hpp"
#include "lab/memory_cluster.hpp"
#include "lab/redis_cluster.hpp"

namespace dbha::test {

/// Of three primaries.
struct Shape {
  std::size_t replicas = 1;  ///< of each
  std::chrono::milliseconds node_timeout{1000};
};

struct OnRedis {
  static lab::RedisCluster cluster(const Shape& shape = {});
  /// Nobody tried what it has no right to: no controller asked for the topology, and the detector for nothing else.
  static void check_rights(lab::RedisCluster& cluster, const Fleet& fleet);
};

struct OnMemory {
  static lab::MemoryCluster cluster(const Shape& shape = {});
  /// No controller asked for the topology. There are no users here: the database counts who asked.
  static void check_rights(lab::MemoryCluster& cluster, const Fleet& fleet);
};

}  // namespace dbha::test
