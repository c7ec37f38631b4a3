// A database that is not what the configuration says: what is wrong stands in `dbha status`, and nothing crashes or
// hangs.

#include "fleet.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "rubbish_server.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// Runs a northbound process and waits until its status begins with the problem; the program's `status` must say the
/// same.
void check_northbound(const Site& site, const std::string& problem, const ProcessFile& file = northbound_file()) {
  site.write(file);
  DbhaProcess process(site, file.name);
  process.wait_for_problem(problem);
  const auto status = run_dbha(site, {"status", "-c", site.config_of(file.name)});
  CHECK(status.exit_code == 1);
  CHECK(status.says(problem));
  process.must_end_when_asked();
  CHECK(site.files_with_a_secret() == std::vector<std::string>{});
}

ProcessFile without_login() {
  ProcessFile file = northbound_file();
  file.user = {};
  return file;
}

Result set(Controller& controller, const std::string& key, Duration deadline) {
  Call call;
  call.key = key;
  call.args = {"SET", key, "v"};
  call.deadline = deadline;
  return controller.call(std::move(call)).get();
}

}  // namespace

TEST_CASE("the seeds are not reachable") {
  const auto ports = lab::lease_ports(2);  // reserved, and nobody listens
  check_northbound(site_with_seeds({"127.0.0.1:" + std::to_string(ports[0].number()),
                                    "127.0.0.1:" + std::to_string(ports[1].number())}),
                   "the detector is degraded: no node answers");
}

TEST_CASE("the seed is no Redis") {
  const RubbishServer server;
  check_northbound(site_with_seeds({server.address()}), server.address() + " does not speak the Redis protocol");
}

TEST_CASE("the seed is a Redis that is not in cluster mode") {
  lab::RedisCluster plain({.primaries = 1, .replicas_per_primary = 0, .cluster_enabled = false});
  check_northbound(Site(plain), plain.node(0).address() + " is not in cluster mode", without_login());
}

TEST_CASE("the password is wrong: for a detector and for a controller") {
  lab::RedisCluster cluster(with_users({.primaries = 1, .replicas_per_primary = 0}));
  ProcessFile wrong = northbound_file();
  wrong.user = wrong_user;
  check_northbound(Site(cluster), "refused the login of user 'dbha-detector': check username and password_file", wrong);

  // The detector knows the way; the controller is not let in.
  const Site site(cluster);
  site.write(northbound_file());
  DbhaProcess detector(site, "nb");
  detector.wait_for_problem("");
  RecordedController app(site.write(southbound_file("app", {controller_user.name, wrong_user.password})));
  REQUIRE(app->wait_ready(patience));
  const auto refused = set(*app, "key", patience);
  INFO(refused.detail);
  CHECK(refused.outcome == Outcome::error_reply);
  CHECK(refused.detail.find("does not let us in") != std::string::npos);
  CHECK(refused.detail.find(wrong_user.password) == std::string::npos);
  detector.must_end_when_asked();
  CHECK(site.files_with_a_secret() == std::vector<std::string>{});
}

TEST_CASE(
    "slots without an owner: status counts them, calls to them end clearly, the rest works, and they can be repaired") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0, .uncovered_slots = 100}));
  const Site site(cluster);
  site.write(northbound_file());
  DbhaProcess process(site, "nb");
  process.wait_for_problem("100 of 16384 partitions have no owner");
  const auto topology = run_dbha(site, {"topology", "-c", site.config_of("nb")});
  CHECK(topology.exit_code == 1);
  CHECK(topology.says("16284 of 16384 partitions have an owner"));

  RecordedController app(site.write(southbound_file("app")));
  REQUIRE(app->wait_ready(patience));
  check_routing(*app, cluster);
  const auto orphan = lab::key_in(16284, 16383);
  const auto lost = set(*app, orphan, 500ms);
  INFO(lost.detail);
  CHECK(lost.outcome == Outcome::timeout);
  CHECK(lost.detail.find("nobody owns its partition") != std::string::npos);

  cluster.client(2).demand({"CLUSTER", "ADDSLOTSRANGE", "16284", "16383"});
  process.wait_for_problem("");
  CHECK(set(*app, orphan, patience).ok());
  process.must_end_when_asked();
}
