// A power cut: every node of the database dies at once and comes back, with its place in the cluster and without data.

#include <algorithm>

#include "backends.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// The shards come back one by one, in any order; of each, one line.
std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

void check_told(Fleet& fleet, const std::vector<std::string>& due) {
  const auto processes = fleet.southbound().size();
  const auto told_of_all = [&] {
    bool all = fleet.app(0).restarts().size() >= due.size();
    for (std::size_t i = 0; i < processes; ++i) all &= restarts_in(fleet.southbound()[i].status()).size() >= due.size();
    return all;
  };
  lab::wait_until(patience, told_of_all, 20ms);
  CHECK(sorted(fleet.app(0).restarts()) == sorted(due));
  for (std::size_t i = 0; i < processes; ++i) CHECK(sorted(restarts_in(fleet.southbound()[i].status())) == sorted(due));
  CHECK(fleet.app(0).broken_promises() == std::vector<std::string>{});
}

}  // namespace

TEMPLATE_TEST_CASE(
    "the whole database is killed and started again empty: one dbrestart for each partition, and no more", "", OnRedis,
    OnMemory) {
  auto cluster = TestType::cluster();  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 2, .embedded = 1});
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  fleet.check_routing();
  fleet.check_restarts({start_line});
  const auto before = fleet.app(0)->topology();

  for (const auto& node : cluster.nodes()) cluster.kill(node.index);
  fleet.northbound().wait_for_problem("the detector is degraded");
  CHECK(fleet.app(0)->topology() == before);  // no node says anything, so nothing is concluded
  for (const auto& node : cluster.nodes()) cluster.start(node.index);
  cluster.wait_ready();
  fleet.wait_for("the new incarnations of all nodes", [&](const Topology& topology) {
    const auto nodes = cluster.nodes();
    return std::all_of(nodes.begin(), nodes.end(), [&](const auto& one) {
      const Node* node = topology.node({one.id});
      return node && node->run_id.value == cluster.run_id(one.index);
    });
  });
  std::vector<std::string> due{start_line};
  for (std::size_t i = 0; i < shards.size(); ++i) due.push_back(restart_line(shards[i], id(i)));
  check_told(fleet, due);
  fleet.check_routing();

  // Told of the next change right after these: so of nothing else.
  cluster.failover(4);
  fleet.wait_for_owner(5461, 4);
  fleet.check_routing();
  due.push_back(failover_line(shards[1], id(1), id(4)));
  check_told(fleet, due);
}
