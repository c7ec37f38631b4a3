// No detector is left: controllers that may look at the database themselves, on real clusters.

#include <array>

#include "fleet.hpp"
#include "lab/cluster_nodes.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

constexpr auto poll = 20ms;
constexpr std::size_t nodes = 6;
constexpr double commands_at_a_look = 8 * nodes;  // as the README says

ProcessFile self_detecting(const std::string& name, const std::string& budget = "2000") {
  auto file = southbound_file(name, reader_user);
  file.controller_lines =
      "on_detector_loss = \"self_detect\"\nself_detect_after = \"3s\"\nself_detect_budget = " + budget + '\n';
  return file;
}

nlohmann::json looks_of(const DbhaProcess& process) {
  const auto status = process.status();
  return status.is_object() ? status.at("controller").at("self_detect") : nlohmann::json();
}

bool looking(const DbhaProcess& process) {
  const auto looks = looks_of(process);
  return looks.is_object() && looks.at("looking") == true;
}

/// A detector, two embedded controllers and one that is a process, all but the first self-detecting.
struct LonelyFleet {
  explicit LonelyFleet(lab::RedisCluster& c, const std::string& budget = "2000") : cluster(c), site(c) {
    auto northbound = northbound_file();
    northbound.controller = false;
    site.write(northbound);
    start_detector();
    site.write(self_detecting("sb-1", budget));
    process.emplace(site, "sb-1");
    for (const char* name : {"app-1", "app-2"})
      apps.push_back(std::make_unique<RecordedController>(site.write(self_detecting(name, budget))));
    process->wait_for_problem("");
    wait("the event of the start", [](RecordedController& app) { return app.restarts().size() == 1; });
  }

  void start_detector() {
    detector.reset();
    detector.emplace(site, "nb");
    detector->wait_for_problem("");
  }
  /// Once a beat has told how many controllers there are; until then they look as rarely as a large fleet.
  void lose_detector() {
    REQUIRE(lab::wait_until(
        patience, [&] { return detector->status().at("detector").at("current_controllers") == apps.size() + 1; },
        poll));
    REQUIRE(lab::wait_until(
        patience, [&] { return looks_of(*process).at("interval_ms") < 10'000; }, poll));
    detector->kill();
    INFO("its log:\n" << process->log());
    REQUIRE(lab::wait_until(
        patience, [&] { return looking(*process) && looks_of(*process).at("looks") >= 2; }, poll));
  }
  void wait(const std::string& what, const std::function<bool(RecordedController&)>& holds) {
    for (auto& app : apps) {
      INFO("waited for " << what << "; logs:\n" << contents(site.log_of("app-1")) << contents(site.log_of("app-2")));
      REQUIRE(lab::wait_until(
          patience, [&] { return holds(*app); }, poll));
    }
  }
  void wait_for_owner(std::uint32_t slot, std::size_t node) {
    wait("node " + std::to_string(node) + " to own " + std::to_string(slot), [&](RecordedController& app) {
      const auto topology = app->topology();
      return topology->owner({slot}) && topology->owner({slot})->id.value == cluster.node(node).id;
    });
  }
  void check_restarts(const std::vector<std::string>& due) {
    wait("the events", [&](RecordedController& app) { return app.restarts().size() >= due.size(); });
    for (auto& app : apps) {
      CHECK(app->restarts() == due);
      CHECK(app->broken_promises() == std::vector<std::string>{});
      check_routing(**app, cluster);
    }
    lab::wait_until(
        patience, [&] { return restarts_in(process->status()).size() >= due.size(); }, poll);
    CHECK(restarts_in(process->status()) == due);
  }

  lab::RedisCluster& cluster;
  Site site;
  std::optional<DbhaProcess> detector;
  std::optional<DbhaProcess> process;
  std::vector<std::unique_ptr<RecordedController>> apps;
};

/// What looks send, on all nodes.
double asked(lab::RedisCluster& cluster) {
  double calls = 0;
  for (const auto& node : cluster.nodes()) {
    auto client = cluster.client(node.index);
    for (const auto& [name, values] : lab::parse_info(client.demand({"INFO", "commandstats"}).text))
      for (const char* command : {"cluster|", "info", "auth", "client|setname", "role", "ssubscribe", "hello"})
        if (name.starts_with(std::string("cmdstat_") + command))
          calls += std::stod(values.substr(values.find('=') + 1));
  }
  return calls;
}

}  // namespace

TEST_CASE("without a detector a primary is killed: controllers follow by themselves, and nothing is told twice") {
  lab::RedisCluster cluster(with_users());  // primaries 0 1 2, their replicas 3 4 5
  LonelyFleet fleet(cluster);
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  fleet.lose_detector();
  fleet.process->wait_for_problem("it looks at the database itself each 1000 ms");

  const auto kill = failover_line(shards[0], id(0), id(3));
  cluster.kill(0);
  fleet.wait_for_owner(0, 3);
  fleet.check_restarts({start_line, kill});

  // What it has stored is from before the failover.
  fleet.start_detector();
  fleet.process->wait_for_problem("");
  INFO("its log:\n" << fleet.process->log());
  REQUIRE(lab::wait_until(
      patience, [&] { return !looking(*fleet.process); }, poll));
  cluster.start(0);
  cluster.wait_ready();
  cluster.failover(4);  // by whose event it is clear that no other one was still to come
  fleet.wait_for_owner(5461, 4);
  const auto graceful = failover_line(shards[1], id(1), id(4));
  fleet.check_restarts({start_line, kill, graceful});

  // Away again, and this time for a detector without its memory.
  fleet.lose_detector();
  const auto second = failover_line(shards[2], id(2), id(5));
  cluster.failover(5);
  fleet.wait_for_owner(16383, 5);
  fleet.check_restarts({start_line, kill, graceful, second});
  std::filesystem::remove_all(fleet.site.state_dir_of("nb"));
  fleet.start_detector();
  REQUIRE(lab::wait_until(
      patience, [&] { return !looking(*fleet.process); }, poll));
  fleet.check_restarts({start_line, kill, graceful, second});

  // No detector sees this one: Redis renames the stream of a restarted node when its first replica comes, so that a
  // detector which looks later may take it for another restart.
  fleet.lose_detector();
  cluster.restart_in_place_empty(4);
  fleet.check_restarts({start_line, kill, graceful, second, restart_line(shards[1], id(4))});
}

TEST_CASE("without a detector a minority is not believed, and the majority is when it is back") {
  lab::RedisCluster cluster(with_users());  // primaries 0 1 2, their replicas 3 4 5
  LonelyFleet fleet(cluster);
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  const std::array<std::size_t, 4> others{1, 2, 4, 5};
  fleet.lose_detector();
  for (const auto node : others) cluster.stop(node);
  cluster.failover(3, lab::Cluster::FailoverMode::takeover);
  const auto before = looks_of(*fleet.process).at("looks").get<int>();
  fleet.process->wait_for_problem("the controller's view is stale");
  REQUIRE(lab::wait_until(
      patience, [&] { return looks_of(*fleet.process).at("looks") >= before + 3; }, poll));
  CHECK(looks_of(*fleet.process).at("trouble") == "only 1 of 3 primaries answer");
  for (auto& app : fleet.apps) CHECK((*app)->topology()->owner({0})->id.value == id(0));
  for (const auto node : others) cluster.resume(node);
  fleet.wait_for_owner(0, 3);
  fleet.check_restarts({start_line, failover_line(shards[0], id(0), id(3))});
}

TEST_CASE("without a detector what a fleet asks of the database stays within the budget of all of it") {
  constexpr double budget = 60;  // a second: with three controllers each looks every 2.4 s
  lab::RedisCluster cluster(with_users());
  LonelyFleet fleet(cluster, "60");
  fleet.lose_detector();
  CHECK(looks_of(*fleet.process).at("interval_ms") == static_cast<int>(3 * commands_at_a_look / budget * 1000));
  const auto looks = [&] { return looks_of(*fleet.process).at("looks").get<int>(); };
  const int first = looks();
  REQUIRE(lab::wait_until(
      patience, [&] { return looks() > first; }, poll));  // one has just begun
  const auto begun = std::chrono::steady_clock::now();
  const double before = asked(cluster);
  REQUIRE(lab::wait_until(
      patience, [&] { return looks() >= first + 5; }, poll));  // and four more have
  const double own_questions = nodes;
  const double commands = asked(cluster) - before - own_questions;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun;
  INFO(commands << " commands in " << passed.count() << " s");
  CHECK(commands / passed.count() <= 1.1 * budget);
  CHECK(commands >= 3 * 3 * commands_at_a_look / 2);  // all three do look, at least three times each
}
