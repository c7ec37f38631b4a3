#include <algorithm>

#include "backends.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

std::ptrdiff_t count(const RecordedController& app, const std::string& event) {
  const auto names = app.names();
  return std::count(names.begin(), names.end(), event);
}

/// Told so, and asked says so: the event is delivered on a thread of its own.
void wait_until_stale(RecordedController& app, bool stale) {
  const auto told = [&] {
    const auto ahead = count(app, "view_stale") - count(app, "view_fresh");
    return app->view().stale == stale && ahead == (stale ? 1 : 0);
  };
  REQUIRE(lab::wait_until(patience, told, 20ms));
}

Result get(Controller& controller, const std::string& key, Duration deadline) {
  Call call;
  call.key = key;
  call.args = {"GET", key};
  call.deadline = deadline;
  return controller.call(std::move(call)).get();
}

}  // namespace

TEMPLATE_TEST_CASE(
    "the detector is killed: routing goes on, and when it is back it tells what happened meanwhile, nothing else", "",
    OnRedis, OnMemory) {
  auto cluster = TestType::cluster();
  Fleet fleet(cluster, {.processes = 1, .embedded = 1});
  auto& app = fleet.app(0);
  auto& process = fleet.southbound().front();
  fleet.check_restarts({start_line});

  const auto before = app->topology();
  const auto process_before = process.topology();
  fleet.northbound().kill();
  wait_until_stale(app, true);
  CHECK(app.stale_age() >= 3s);
  process.wait_for_problem("the controller's view is stale");
  CHECK(app->topology() == before);
  CHECK(process.topology() == process_before);
  fleet.check_routing();

  fleet.start_northbound();
  wait_until_stale(app, false);
  process.wait_for_problem("");
  fleet.wait_for("all to be well again", [](const Topology&) { return true; });

  // Nobody watches while a primary hands over: MOVED shows the way.
  fleet.northbound().kill();
  cluster.failover(3);
  fleet.check_routing();
  fleet.start_northbound();
  fleet.wait_for_owner(0, 3);
  fleet.check_routing();
  // One event for the hand-over; none for the two ends and the two starts of the detector.
  fleet.check_restarts({start_line, failover_line(shards[0], cluster.node(0).id, cluster.node(3).id)});
  REQUIRE(lab::wait_until(
      patience, [&] { return !app->view().stale; }, 20ms));
  TestType::check_rights(cluster, fleet);
}

TEST_CASE("no detector runs: a controller that may reads the topology itself, and a detector takes it over") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(southbound_file("sb-1", reader_user));
  DbhaProcess process(site, "sb-1");  // both wait for a detector before they read
  RecordedController reader(site.write(southbound_file("reader", reader_user)));
  REQUIRE(reader->wait_ready(patience));
  CHECK(reader->view().applied.generation == 0);
  check_routing(*reader, cluster);
  process.wait_for_problem("no detector answers: the topology was read from the database once");
  CHECK(run_dbha(site, {"topology", "-c", site.config_of("sb-1")}).exit_code == 0);

  site.write(northbound_file());
  DbhaProcess detector(site, "nb");
  process.wait_for_problem("");
  REQUIRE(lab::wait_until(
      patience, [&] { return reader->view().applied.generation == 1; }, 20ms));
  check_routing(*reader, cluster);
  // What was lost before it knew any mark, it cannot know: all of it.
  REQUIRE(lab::wait_until(
      patience, [&] { return !reader.restarts().empty(); }, 20ms));
  CHECK(reader.restarts() == std::vector<std::string>{start_line});
  CHECK(restarts_in(process.status()) == std::vector<std::string>{start_line});
}

TEST_CASE("no detector runs: a controller that may not ask for the topology says so, and works when a detector comes") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(southbound_file("sb-1"));
  DbhaProcess process(site, "sb-1");
  process.wait_for_problem("the controller has no topology: no detector answers, and the topology could not be read: ");
  INFO(process.problem());
  CHECK(process.problem().find(controller_user.name) != std::string::npos);  // whose rights are missing
  CHECK(cluster.acl_log_count(controller_user.name) > 0);                    // it tried; in acl_test.cpp none may
  const auto status = run_dbha(site, {"status", "-c", site.config_of("sb-1")});
  CHECK(status.exit_code == 1);
  CHECK(status.says("the controller has no topology"));
  CHECK(run_dbha(site, {"topology", "-c", site.config_of("sb-1")}).exit_code == 1);
  RecordedController app(site.write(southbound_file("app")));
  const auto lost = get(*app, "key", 500ms);
  INFO(lost.detail);
  CHECK(lost.outcome == Outcome::timeout);  // it had no effect

  site.write(northbound_file());
  DbhaProcess detector(site, "nb");
  process.wait_for_problem("");
  REQUIRE(app->wait_ready(patience));
  check_routing(*app, cluster);
  CHECK(site.files_with_a_secret() == std::vector<std::string>{});
}
