// A detector's own process is stopped for five seconds, and the database fails over meanwhile. What it wakes up with is
// old: the answers in its sockets are from before the failover.

#include "claim_watch.hpp"
#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

constexpr auto stopped_for = 5s;
constexpr auto poll = 20ms;

/// Stops it, kills the primary of a shard, lets `meanwhile` see to what must hold while it is stopped, and wakes it.
void sleep_through_a_failover(DbhaProcess& detector, lab::RedisCluster& cluster, std::size_t primary,
                              const std::function<void()>& meanwhile) {
  const auto stopped = std::chrono::steady_clock::now();
  detector.stop();
  cluster.kill(primary);
  REQUIRE(lab::wait_until(patience, [&] { return cluster.role(primary + 3) == "master"; }));
  meanwhile();
  REQUIRE(lab::wait_until(stopped_for * 2, [&] { return std::chrono::steady_clock::now() - stopped >= stopped_for; }));
  detector.resume();
}

std::string status_of(const DbhaProcess& process) {
  const auto status = process.status();
  return status.is_object() ? status.at("detector").at("status").get<std::string>() : "";
}

void wait_for_status(const DbhaProcess& process, const std::string& expected) {
  INFO("expected: " << expected << "; its log:\n" << process.log());
  REQUIRE(lab::wait_until(
      patience, [&] { return status_of(process) == expected; }, poll));
}

}  // namespace

TEST_CASE("a detector sleeps through a failover: it distrusts itself, and then tells each controller once") {
  lab::RedisCluster cluster(with_users());  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 1, .embedded = 1});
  ClaimWatch watch(*fleet.app(0));
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };

  sleep_through_a_failover(fleet.northbound(), cluster, 0, [] {});
  wait_for_status(fleet.northbound(), "tilt");
  CHECK(watch.owner_changes() == std::vector<std::string>{});  // in TILT nothing is published
  fleet.wait_for_owner(0, 3);
  const auto missed = failover_line(shards[0], id(0), id(3));
  fleet.check_restarts({start_line, missed});

  cluster.start(0);
  cluster.wait_ready();
  cluster.failover(4);  // by whose event it is clear that no other one was still to come
  fleet.wait_for_owner(5461, 4);
  fleet.check_restarts({start_line, missed, failover_line(shards[1], id(1), id(4))});
  CHECK(watch.owner_changes() ==
        std::vector{owner_line("failover", shards[0], id(0), id(3)), owner_line("failover", shards[1], id(1), id(4))});
  CHECK(watch.falls() == std::vector<std::string>{});
}

TEST_CASE("a detector sleeps through a failover while another one covers: nobody waits, and it wakes without a word") {
  lab::RedisCluster cluster(with_users());
  const Site site(cluster);
  const auto ports = lab::lease_ports(2);
  const BusAt first{site.publish(), site.control()};
  const BusAt second{"tcp://127.0.0.1:" + std::to_string(ports[0].number()),
                     "tcp://127.0.0.1:" + std::to_string(ports[1].number())};
  const auto write = [&](const std::string& name, const BusAt& own, const BusAt& other) {
    site.write({.name = name,
                .user = detector_user,
                .detector = true,
                .admin = {},
                .publish = own.publish,
                .control = own.control,
                .detectors = {first, second},
                .detector_lines = peers_line({other})});
  };
  write("nb", first, second);
  write("nb2", second, first);
  DbhaProcess sleeper(site, "nb");
  DbhaProcess cover(site, "nb2");
  sleeper.wait_for_problem("");
  cover.wait_for_problem("");
  auto file = southbound_file("app");
  file.detectors = {first, second};
  RecordedController app(site.write(file));
  REQUIRE(app->wait_ready(patience));
  ClaimWatch watch(*app);
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  const auto owner_is = [&](std::uint32_t slot, std::size_t node) {
    const Node* owner = app->topology()->owner({slot});
    return owner && owner->id.value == id(node);
  };

  sleep_through_a_failover(sleeper, cluster, 0, [&] {
    REQUIRE(lab::wait_until(
        stopped_for, [&] { return owner_is(0, 3) && app.restarts().size() == 2; }, poll));
  });
  wait_for_status(sleeper, "tilt");
  sleeper.wait_for_problem("");
  const auto version = [](const DbhaProcess& process) { return process.status().at("detector").at("version"); };
  REQUIRE(lab::wait_until(
      patience, [&] { return version(sleeper) == version(cover); }, poll));

  // The one that slept does its work again: the other one is gone for the next failover.
  cluster.start(0);
  cluster.wait_ready();
  cover.kill();
  cluster.failover(4);
  REQUIRE(lab::wait_until(
      patience, [&] { return owner_is(5461, 4) && app.restarts().size() == 3; }, poll));
  CHECK(app.restarts() ==
        std::vector{start_line, failover_line(shards[0], id(0), id(3)), failover_line(shards[1], id(1), id(4))});
  CHECK(watch.owner_changes() ==
        std::vector{owner_line("failover", shards[0], id(0), id(3)), owner_line("failover", shards[1], id(1), id(4))});
  CHECK(watch.falls() == std::vector<std::string>{});
}
