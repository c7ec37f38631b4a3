// The load that brought databases down: clients that ask for the topology. Here the database itself counts who asks.

#include "fleet.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

/// Connections to that node that are logged in as controllers.
std::size_t controllers_at(lab::RedisCluster& cluster, std::size_t node) {
  const std::string list = cluster.client(node).demand({"CLIENT", "LIST"}).text;
  std::size_t count = 0;
  const std::string user = "user=" + controller_user.name + ' ';
  for (auto at = list.find(user); at != std::string::npos; at = list.find(user, at + 1)) ++count;
  return count;
}

void kill_a_primary_under(std::size_t controllers) {
  lab::RedisCluster cluster(with_users());
  Fleet fleet(cluster, {.processes = 0, .embedded = controllers});
  for (const auto primary : cluster.primaries()) CHECK(controllers_at(cluster, primary) >= controllers);
  CHECK(cluster.acl_log_count(controller_user.name) == 0);

  cluster.kill(2);
  fleet.wait_for_owner(16383, 5);
  fleet.check_routing();
  fleet.check_restarts({start_line, failover_line(shards[2], cluster.node(2).id, cluster.node(5).id)});
  CHECK(controllers_at(cluster, 5) >= controllers);
  CHECK(cluster.acl_log_count(controller_user.name) == 0);
  CHECK(cluster.acl_log_count(detector_user.name) == 0);

  // Had one of them asked, it would have been counted.
  lab::RedisClient curious("127.0.0.1", cluster.node(0).port, {controller_user.name, controller_user.password});
  for (const char* what : {"NODES", "INFO", "SLOTS", "SHARDS"})
    CHECK(curious.command({"CLUSTER", what}).text.starts_with("NOPERM"));
  CHECK(curious.command({"INFO"}).text.starts_with("NOPERM"));
  CHECK(curious.command({"ROLE"}).text.starts_with("NOPERM"));
  CHECK(cluster.acl_log_count(controller_user.name) == 6);
}

}  // namespace

TEST_CASE("one controller goes through a failover without a CLUSTER, INFO or ROLE") {
  kill_a_primary_under(1);
}

TEST_CASE("twenty controllers go through a failover without a CLUSTER, INFO or ROLE") {
  kill_a_primary_under(20);
}
