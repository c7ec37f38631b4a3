#include "backends.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// The database needs this long at least to be sure that a killed primary is gone; a restart in place must be faster.
constexpr auto node_timeout = 2000ms;

auto is_replica_of(std::string replica, std::string primary) {
  return [replica = NodeId{std::move(replica)}, primary = NodeId{std::move(primary)}](const Topology& topology) {
    const Node* node = topology.node(replica);
    return node && node->role == Role::replica && node->primary == primary;
  };
}

auto has_run_id(std::string id, std::string run_id) {
  return [id = NodeId{std::move(id)}, run_id = RunId{std::move(run_id)}](const Topology& topology) {
    const Node* node = topology.node(id);
    return node && node->run_id == run_id;
  };
}

}  // namespace

TEMPLATE_TEST_CASE("a fleet goes through a kill, a return, a graceful failover and a restart with the data lost", "",
                   OnRedis, OnMemory) {
  auto cluster = TestType::cluster({.node_timeout = node_timeout});  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 2, .embedded = 2});
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  fleet.check_routing();
  fleet.check_restarts({start_line});  // a controller without a memory

  const auto kill = failover_line(shards[0], id(0), id(3));
  cluster.kill(0);
  fleet.wait_for_owner(0, 3);
  fleet.check_routing();
  fleet.check_restarts({start_line, kill});

  cluster.start(0);
  fleet.wait_for("the killed node to be a replica", is_replica_of(id(0), id(3)));
  fleet.check_routing();

  // Told of the next change right after the one before the return: so of the return nobody was told.
  const auto graceful = failover_line(shards[1], id(1), id(4));
  cluster.failover(4);
  fleet.wait_for_owner(5461, 4);
  fleet.check_routing();
  fleet.check_restarts({start_line, kill, graceful});

  const auto restart = restart_line(shards[2], id(2));
  cluster.wait_ready();
  cluster.restart_in_place_empty(2);
  fleet.wait_for("the new incarnation", has_run_id(id(2), cluster.run_id(2)));
  fleet.check_routing();
  fleet.check_restarts({start_line, kill, graceful, restart});

  TestType::check_rights(cluster, fleet);
  for (auto& process : fleet.southbound()) process.must_end_when_asked();
  fleet.northbound().must_end_when_asked();
  CHECK(fleet.site().files_with_a_secret() == std::vector<std::string>{});
}

TEMPLATE_TEST_CASE("a primary is killed, and two embedded controllers follow", "[sanitize]", OnRedis, OnMemory) {
  auto cluster = TestType::cluster();
  Fleet fleet(cluster, {.processes = 0, .embedded = 2});
  fleet.check_routing();
  cluster.kill(1);
  fleet.wait_for_owner(5461, 4);
  fleet.check_routing();
  fleet.check_restarts({start_line, failover_line(shards[1], cluster.node(1).id, cluster.node(4).id)});
  fleet.northbound().must_end_when_asked();
}
