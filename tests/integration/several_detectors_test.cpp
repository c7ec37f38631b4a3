#include <fstream>

#include "lab/wait.hpp"
#include "program.hpp"
#include "recorded_controller.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// Adds lines to the [detector] of a file that Site::write() has written.
void add_to_detector(const Site& site, const std::string& name, const std::string& lines) {
  std::string text = contents(site.config_of(name));
  const std::string section = "[detector]\n";
  text.insert(text.find(section) + section.size(), lines);
  std::ofstream(site.config_of(name)) << text;
}

void listen_for(const Site& site, const std::string& name, const std::string& duration) {
  std::string text = contents(site.config_of(name));
  const std::string none = "listen = \"0s\"";
  text.replace(text.find(none), none.size(), "listen = \"" + duration + "\"");
  std::ofstream(site.config_of(name)) << text;
}

std::string peer(const std::string& publish, const std::string& control) {
  return "peers = [{ publish = \"" + publish + "\", control = \"" + control + "\" }]\n";
}

std::string loopback(const lab::PortLease& port) {
  return "tcp://127.0.0.1:" + std::to_string(port.number());
}

void wait_until(const std::string& what, const std::function<bool()>& holds) {
  INFO(what);
  REQUIRE(lab::wait_until(patience, holds, 50ms));
}

nlohmann::json detector_of(const DbhaProcess& process) {
  const auto status = process.status();
  return status.is_object() && status.contains("detector") ? status.at("detector") : nlohmann::json();
}

}  // namespace

TEST_CASE("two detectors hear each other: one is killed, the other one says so, and follows the next failover") {
  lab::RedisCluster cluster(with_users());
  const Site site(cluster);
  const auto publish = lab::PortLease::take();
  const auto control = lab::PortLease::take();
  site.write(northbound_file());
  add_to_detector(site, "nb", peer(loopback(publish), loopback(control)));
  site.write({.name = "nb2",
              .user = detector_user,
              .detector = true,
              .admin = {},
              .publish = loopback(publish),
              .control = loopback(control)});
  add_to_detector(site, "nb2", peer(site.publish(), site.control()));
  DbhaProcess first(site, "nb");
  DbhaProcess second(site, "nb2");
  first.wait_for_problem("");
  second.wait_for_problem("");
  wait_until("the status to show the other one", [&] {
    return run_dbha(site, {"status", "-c", site.config_of("nb")}).says("peer      nb2: ok, g1.");
  });

  first.kill();
  second.wait_for_problem("1 of 1 peers are silent");
  cluster.failover(3);
  wait_until("the failover to be published by the other one", [&] {
    const auto detector = detector_of(second);
    return detector.is_object() && second.topology().dump().find("failover") != std::string::npos;
  });
  DbhaProcess again(site, "nb");
  again.wait_for_problem("");
  second.wait_for_problem("");
}

TEST_CASE("reset asks, is refused where there is nothing to overrule, and says where there is no detector") {
  lab::RedisCluster cluster(with_users({.primaries = 1, .replicas_per_primary = 0}));
  const Site site(cluster);
  const std::string config = site.write(northbound_file());
  const auto nobody = run_dbha(site, {"reset", "--yes", "-c", config});
  CHECK(nobody.exit_code == 3);
  const auto unasked = run_dbha(site, {"reset", "-c", config});
  INFO(unasked.output);
  CHECK(unasked.exit_code == 2);
  CHECK(unasked.says("say --yes"));
  DbhaProcess process(site, "nb");
  process.wait_for_problem("");
  const auto refused = run_dbha(site, {"reset", "--yes", "-c", config});
  INFO(refused.output);
  CHECK(refused.exit_code == 1);
  CHECK(refused.says("not reset: nothing to overrule"));
  const auto json = nlohmann::json::parse(run_dbha(site, {"reset", "--yes", "--json", "-c", config}).output);
  CHECK(json.at("reset") == false);

  const std::string southbound = site.write(southbound_file("sb"));
  DbhaProcess controller(site, "sb");
  controller.wait_for_problem("");
  const auto elsewhere = run_dbha(site, {"reset", "--yes", "-c", southbound});
  CHECK(elsewhere.exit_code == 1);
  CHECK(elsewhere.says("this process has no detector"));
}

TEST_CASE("a detector that lost its store gets back from a controller what it had published (C14)") {
  lab::RedisCluster cluster(with_users({.primaries = 1, .replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(northbound_file());
  site.write(southbound_file("sb"));
  auto detector = std::make_unique<DbhaProcess>(site, "nb");
  detector->wait_for_problem("");
  DbhaProcess controller(site, "sb");
  controller.wait_for_problem("");
  cluster.restart_in_place_empty(0);
  const auto restarts = [](const DbhaProcess& process) {
    const auto topology = process.topology();
    return topology.is_object() && topology.contains("marks") && !topology.at("marks").empty()
               ? topology.at("marks")[0].value("count", 0)
               : -1;
  };
  wait_until("the restart to be marked everywhere", [&] { return restarts(controller) == 1; });

  detector->kill();
  std::filesystem::remove_all(site.state_dir_of("nb"));
  listen_for(site, "nb", "3s");
  DbhaProcess again(site, "nb");
  again.wait_for_problem("");
  CHECK(restarts(again) == 1);
  CHECK(restarts(controller) == 1);
}
