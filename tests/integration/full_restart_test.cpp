// A power cut: every node of the database dies at once and comes back, with its place in the cluster and without data.

#include <algorithm>
#include <sstream>

#include "backends.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// "0-5460,10922-16383"
bool covers(const std::string& ranges, unsigned long slot) {
  std::istringstream all(ranges);
  for (std::string range; std::getline(all, range, ',');)
    if (std::stoul(range) <= slot && slot <= std::stoul(range.substr(range.find('-') + 1))) return true;
  return false;
}

/// Which shard was told of which cause, whatever event told it: what comes while a handler is busy becomes one event.
std::vector<std::string> by_shard(const std::vector<std::string>& restarts) {
  std::vector<std::string> out;
  for (const auto& line : restarts) {
    std::istringstream words(line);
    std::string cause, ranges;
    words >> cause >> ranges;
    for (const auto& shard : shards)
      if (covers(ranges, std::stoul(shard))) out.push_back(cause + ' ' + shard);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void check_told(Fleet& fleet, const std::vector<std::string>& due) {
  const auto expected = by_shard(due);
  const auto told = [&] {
    std::vector<std::vector<std::string>> out{by_shard(fleet.app(0).restarts())};
    for (auto& process : fleet.southbound()) out.push_back(by_shard(restarts_in(process.status())));
    return out;
  };
  const auto told_of_all = [&] {
    const auto all = told();
    return std::all_of(all.begin(), all.end(), [&](const auto& one) { return one.size() >= expected.size(); });
  };
  lab::wait_until(patience, told_of_all, 20ms);
  for (const auto& one : told()) CHECK(one == expected);
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
