// Two of three primaries are lost at once: nobody is left who could elect anybody, and an operator decides (C13).

#include "fleet.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("two of three primaries are lost, their replicas are told to take over, and the fleet follows") {
  lab::RedisCluster cluster(with_users());  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 1, .embedded = 1});
  const auto failover = [&](std::size_t shard) {
    return failover_line(shards[shard], cluster.node(shard).id, cluster.node(shard + 3).id);
  };
  cluster.kill(0);
  cluster.kill(1);
  fleet.northbound().wait_for_problem("degraded");
  cluster.failover(3, lab::Cluster::FailoverMode::takeover);
  cluster.failover(4, lab::Cluster::FailoverMode::takeover);
  fleet.wait_for_owner(0, 3);
  fleet.wait_for_owner(5461, 4);
  fleet.check_routing();
  fleet.check_restarts({start_line, failover(0), failover(1)});

  // They come back as what they are now, which is no news for anybody.
  cluster.start(0);
  cluster.start(1);
  cluster.wait_ready();
  fleet.wait_for("the lost primaries to be replicas", [&](const Topology& topology) {
    const auto is_replica = [&](std::size_t index) {
      const Node* node = topology.node({cluster.node(index).id});
      return node && node->role == Role::replica;
    };
    return is_replica(0) && is_replica(1);
  });
  fleet.check_routing();
  fleet.check_restarts({start_line, failover(0), failover(1)});
}
