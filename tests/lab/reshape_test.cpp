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
