#include "backends.hpp"

#include "support/catch.hpp"

namespace dbha::test {

lab::RedisCluster OnRedis::cluster(const Shape& shape) {
  lab::RedisCluster::Options options;
  options.replicas_per_primary = shape.replicas;
  options.node_timeout = shape.node_timeout;
  return lab::RedisCluster(with_users(std::move(options)));
}

void OnRedis::check_rights(lab::RedisCluster& cluster, const Fleet&) {
  CHECK(cluster.acl_log_count(controller_user.name) == 0);
  CHECK(cluster.acl_log_count(detector_user.name) == 0);
}

lab::MemoryCluster OnMemory::cluster(const Shape& shape) {
  return lab::MemoryCluster({.replicas_per_primary = shape.replicas, .node_timeout = shape.node_timeout});
}

void OnMemory::check_rights(lab::MemoryCluster& cluster, const Fleet& fleet) {
  CHECK(cluster.topology_questions_of("nb") > 0);  // its detector: so they are counted
  for (const auto& name : fleet.names())
    if (name != "nb") CHECK(cluster.topology_questions_of(name) == 0);
}

}  // namespace dbha::test
