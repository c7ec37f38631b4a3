// Everything between dbha and the database by TLS, with certificates on both sides.

#include <sstream>

#include "fleet.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

/// Of dbha's connections, those by TLS and all.
std::pair<std::size_t, std::size_t> connections(lab::RedisCluster& cluster) {
  std::size_t secure = 0, all = 0;
  for (const auto& node : cluster.nodes()) {
    if (!node.running()) continue;
    std::istringstream list(cluster.client(node.index).demand({"CLIENT", "LIST"}).text);
    for (std::string line; std::getline(list, line);) {
      if (line.find(" user=dbha-") == std::string::npos) continue;
      ++all;
      if (line.find(" laddr=" + node.address() + ' ') != std::string::npos) ++secure;
    }
  }
  return {secure, all};
}

}  // namespace

TEST_CASE("a fleet goes through a failover by TLS, and no connection is plain") {
  lab::RedisCluster::Options options;
  options.tls = true;
  lab::RedisCluster cluster(with_users(options));  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 1, .embedded = 1});
  fleet.check_routing();
  fleet.check_restarts({start_line});

  cluster.kill(1);
  fleet.wait_for_owner(5461, 4);
  fleet.check_routing();
  fleet.check_restarts({start_line, failover_line(shards[1], cluster.node(1).id, cluster.node(4).id)});
  const auto [secure, all] = connections(cluster);
  CHECK(all >= 10);  // of the detector to five nodes, of three controllers to three
  CHECK(secure == all);
  fleet.northbound().must_end_when_asked();
  CHECK(fleet.site().files_with_a_secret() == std::vector<std::string>{});
}
