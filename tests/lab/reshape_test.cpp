#include "lab/redis_cluster.hpp"
#include "support/catch.hpp"

using namespace dbha::lab;

TEST_CASE("slots move to another primary with their keys, and every node hears of it") {
  RedisCluster cluster;
  auto client = cluster.client(0);
  const auto moved = key_in(0, 199);
  const auto stays = key_in(200, 5460);
  client.demand({"SET", moved, "1"});
  client.demand({"SET", stays, "2"});

  cluster.migrate_slots(0, 199, 0, 1);
  cluster.wait_ready();
  CHECK(cluster.primary_of(0) == 1);
  CHECK(cluster.primary_of(199) == 1);
  CHECK(cluster.primary_of(200) == 0);
  CHECK(cluster.client(1).demand({"GET", moved}).text == "1");
  CHECK(client.command({"GET", moved}).text.starts_with("MOVED "));
  CHECK(client.demand({"GET", stays}).text == "2");
}

TEST_CASE("nodes join as primary and replica, and leave") {
  RedisCluster cluster;
  const auto primary = cluster.add_node();
  const auto replica = cluster.add_node();
  cluster.replicate(replica, primary);
  cluster.migrate_slots(0, 9, 0, primary);
  cluster.wait_ready();
  CHECK(cluster.primaries() == std::vector<std::size_t>{0, 1, 2, primary});
  CHECK(cluster.replicas_of(primary) == std::vector<std::size_t>{replica});

  cluster.remove_node(replica);
  cluster.wait_ready();
  CHECK(cluster.replicas_of(primary).empty());
  CHECK_FALSE(cluster.node(replica).running());
}

TEST_CASE("a cluster by TLS moves slots with their keys, and takes in a node that becomes a replica") {
  RedisCluster::Options options;
  options.replicas_per_primary = 0;
  options.tls = true;
  RedisCluster cluster(options);
  const std::string key = key_in(0, 0);
  cluster.client(0).demand({"SET", key, "v"});
  cluster.migrate_slots(0, 0, 0, 1);
  CHECK(cluster.value_at(1, key) == "v");
  const auto added = cluster.add_node();
  cluster.replicate(added, 1);
  CHECK(cluster.replicas_of(1) == std::vector<std::size_t>{added});
}
