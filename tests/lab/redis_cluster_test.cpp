#include "lab/redis_cluster.hpp"

#include <cerrno>
#include <chrono>
#include <set>

#include <signal.h>

#include "lab/promotion_watch.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha::lab;
using namespace std::chrono_literals;

TEST_CASE("three primaries with a replica each: the cluster comes up, and nothing of it is left behind") {
  std::vector<RedisCluster::NodeInfo> nodes;
  std::filesystem::path folder;
  {
    const auto begin = std::chrono::steady_clock::now();
    RedisCluster cluster;
    WARN("created in " << std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() << " s");
    nodes = cluster.nodes();
    folder = cluster.folder();
    REQUIRE(nodes.size() == 6);
    std::set<std::string> ids;
    for (const auto& node : nodes) {
      CHECK(node.running());
      ids.insert(node.id);
    }
    CHECK(ids.size() == 6);
    CHECK(cluster.primaries() == std::vector<std::size_t>{0, 1, 2});
    CHECK(cluster.primary_of(0) == 0);
    CHECK(cluster.primary_of(16383) == 2);
    CHECK(cluster.replicas_of(1) == std::vector<std::size_t>{4});
    CHECK(cluster.role(1) == "master");
    CHECK(cluster.role(4) == "slave");
  }
  for (const auto& node : nodes) CHECK((::kill(node.pid, 0) != 0 && errno == ESRCH));
  CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("a primary is killed: its replica is promoted, and the watch sees it") {
  RedisCluster cluster;
  PromotionWatch watch(cluster, {3, 4, 5});
  const auto killed = std::chrono::steady_clock::now();
  cluster.kill(0);
  const auto promotion = watch.wait(30s);
  REQUIRE(promotion);
  CHECK(promotion->node == 3);
  CHECK(promotion->earliest >= killed);
  CHECK(promotion->time > promotion->earliest);
  CHECK(cluster.role(3) == "master");
  cluster.wait_ready();
  CHECK(cluster.primary_of(0) == 3);
  CHECK(watch.promotions().size() == 1);

  cluster.start(0);
  cluster.wait_ready();
  CHECK(cluster.replicas_of(3) == std::vector<std::size_t>{0});
}

TEST_CASE("a graceful failover loses nothing, and can be repeated back and forth") {
  RedisCluster cluster;
  auto client = cluster.client(0);
  const auto key = key_in(0, 5460);
  client.demand({"SET", key, "kept"});
  cluster.wait_replicas_in_sync();
  std::size_t primary = 0;
  std::size_t replica = 3;
  for (int i = 0; i < 3; ++i) {
    PromotionWatch watch(cluster, {replica});
    cluster.failover(replica);
    REQUIRE(watch.wait(10s));
    cluster.wait_ready();
    CHECK(cluster.role(primary) == "slave");
    CHECK(cluster.primary_of(0) == replica);
    CHECK(cluster.client(replica).demand({"GET", key}).text == "kept");
    std::swap(primary, replica);
  }
}

TEST_CASE("a way back right after an election that Redis held by itself is waited for, and is a real one") {
  RedisCluster cluster;
  PromotionWatch watch(cluster, {3});
  cluster.kill(0);
  REQUIRE(watch.wait(30s));
  cluster.wait_ready();
  cluster.start(0);
  cluster.wait_ready();
  cluster.failover(0);
  cluster.wait_ready();
  cluster.failover(3);  // at first it may count the votes of its last election again: redis/redis#8752
  cluster.wait_ready();
  CHECK(cluster.primary_of(0) == 3);
  CHECK(cluster.role(0) == "slave");
}

TEST_CASE("a replica takes over by force, or without asking anybody") {
  RedisCluster cluster;
  cluster.failover(3, RedisCluster::FailoverMode::force);
  cluster.failover(4, RedisCluster::FailoverMode::takeover);
  cluster.wait_ready();
  CHECK(cluster.primaries() == std::vector<std::size_t>{2, 3, 4});
  CHECK_THROWS_WITH(cluster.failover(3), Catch::Contains("cannot be promoted, it is no replica"));
}

TEST_CASE("a restart in place keeps the primary, with another run id and no data") {
  RedisCluster cluster;
  auto client = cluster.client(0);
  const auto key = key_in(0, 5460);
  client.demand({"SET", key, "lost"});
  cluster.wait_replicas_in_sync();
  const auto before = cluster.node(0);
  const auto run_id = cluster.run_id(0);
  PromotionWatch watch(cluster, {3});

  cluster.restart_in_place_empty(0);
  CHECK(cluster.role(0) == "master");
  CHECK(cluster.run_id(0) != run_id);
  CHECK(cluster.run_id(0).size() == 40);
  CHECK(cluster.node(0).id == before.id);
  CHECK(cluster.node(0).port == before.port);
  cluster.wait_ready();
  CHECK(cluster.primary_of(0) == 0);
  CHECK(client.command({"GET", key}).kind == Reply::Kind::nil);
  CHECK(client.demand({"DBSIZE"}).integer == 0);
  CHECK(cluster.client(3).demand({"DBSIZE"}).integer == 0);
  CHECK(watch.promotions().empty());
}

TEST_CASE("a replica that was promoted and restarted is empty, whatever it had loaded from its primary") {
  RedisCluster cluster;
  auto client = cluster.client(0);
  client.demand({"SET", key_in(0, 5460), "lost"});
  cluster.wait_replicas_in_sync();
  cluster.kill(3);
  cluster.start(3);  // a full synchronisation, with the key in it
  cluster.wait_ready();
  cluster.failover(3);
  cluster.wait_ready();
  CHECK(cluster.client(3).demand({"DBSIZE"}).integer == 1);
  cluster.restart_in_place_empty(3);
  CHECK(cluster.client(3).demand({"DBSIZE"}).integer == 0);
}

TEST_CASE("a stopped primary is replaced, wakes up, and becomes a replica") {
  RedisCluster cluster;
  PromotionWatch watch(cluster, {4});
  cluster.stop(1);
  CHECK(cluster.node(1).state == RedisNode::State::stopped);
  auto client = cluster.client(1, {1000ms, 50ms});
  CHECK_THROWS_WITH(client.command({"PING"}), Catch::Contains("no reply"));
  REQUIRE(watch.wait(30s));
  cluster.wait_ready();
  cluster.resume(1);
  cluster.wait_ready();
  CHECK(cluster.role(1) == "slave");
  CHECK(cluster.replicas_of(4) == std::vector<std::size_t>{1});
}

TEST_CASE("a watch over a stopped replica still sees the others, and ends") {
  RedisCluster cluster;
  cluster.stop(3);
  PromotionWatch watch(cluster, {3, 4});
  cluster.failover(4);
  const auto promotion = watch.wait(10s);
  REQUIRE(promotion);
  CHECK(promotion->node == 4);
}

TEST_CASE("what a user was refused is counted over all nodes") {
  RedisCluster::Options options;
  options.replicas_per_primary = 0;
  options.password = "admin-secret";
  options.conf_lines = {"user app on >secret ~* &* +@all -cluster"};
  RedisCluster cluster(options);
  CHECK(cluster.acl_log_count("app") == 0);
  for (const auto& node : cluster.nodes()) {
    RedisClient app("127.0.0.1", node.port, {"app", "secret"});
    CHECK(app.demand({"PING"}).text == "PONG");
    CHECK(app.command({"CLUSTER", "NODES"}).text.starts_with("NOPERM"));
    CHECK(app.command({"CLUSTER", "NODES"}).is_error());
  }
  CHECK(cluster.acl_log_count("app") == 6);
  CHECK(cluster.acl_log_count("default") == 0);
  RedisClient stranger("127.0.0.1", cluster.node(0).port, {"app", "guess"});
  CHECK_THROWS_WITH(stranger.command({"PING"}), Catch::Contains("AUTH refused: WRONGPASS"));
}

TEST_CASE("some slots can be left without an owner") {
  RedisCluster::Options options;
  options.replicas_per_primary = 0;
  options.uncovered_slots = 6000;  // more than one primary's share
  RedisCluster cluster(options);
  CHECK(cluster.primary_of(10383) == 1);
  CHECK_THROWS_WITH(cluster.primary_of(10384), "no running node claims slot 10384");
}

TEST_CASE("a plain server without cluster mode can be had") {
  RedisCluster::Options options;
  options.primaries = 1;
  options.replicas_per_primary = 0;
  options.cluster_enabled = false;
  RedisCluster server(options);
  CHECK(server.client(0).command({"CLUSTER", "NODES"}).text == "ERR This instance has cluster support disabled");
  const auto run_id = server.run_id(0);
  server.restart_in_place_empty(0);
  CHECK(server.run_id(0) != run_id);
}

TEST_CASE("a server that does not start is an exception with the end of its log") {
  RedisCluster::Options options;
  options.conf_lines = {"no-such-directive yes"};
  CHECK_THROWS_WITH(RedisCluster(options),
                    Catch::Contains("ended with exit code 1; its log ends:") && Catch::Contains("no-such-directive"));
}

TEST_CASE("a wait in vain says which condition is missing on which node") {
  RedisCluster::Options options;
  options.replicas_per_primary = 0;
  RedisCluster cluster(options);
  cluster.kill(2);
  CHECK_THROWS_WITH(cluster.wait_ready(100ms),
                    Catch::Contains("node 0 (127.0.0.1:") &&
                        Catch::Contains("missing: owners that run (it names " + cluster.node(2).id) &&
                        Catch::Contains("its log ends:"));
}
