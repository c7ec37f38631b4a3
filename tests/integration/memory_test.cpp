// What a controller remembers of the time when it did not run.

#include "fleet.hpp"
#include "lab/wait.hpp"
#include "state_store/state_store.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

void wait_for_restarts(RecordedController& app, std::size_t count) {
  REQUIRE(lab::wait_until(
      patience, [&] { return app.restarts().size() >= count; }, 20ms));
}

std::size_t publications(const DbhaProcess& northbound) {
  return northbound.status().at("detector").at("history").size();
}

}  // namespace

TEST_CASE(
    "a controller that was down is told at its start of the failover it missed, and of nothing if nothing happened") {
  lab::RedisCluster cluster(with_users());
  Fleet fleet(cluster, {.processes = 0, .embedded = 1});
  const auto failover = failover_line(shards[0], cluster.node(0).id, cluster.node(3).id);
  const auto missed_it = fleet.site().write(southbound_file("missed-it"));
  const auto missed_nothing = fleet.site().write(southbound_file("missed-nothing"));
  for (const auto& config : {missed_it, missed_nothing}) {
    RecordedController app(config);
    wait_for_restarts(app, 1);
    CHECK(app.restarts() == std::vector<std::string>{start_line});
  }

  RecordedController second_life(missed_nothing);
  REQUIRE(second_life->wait_ready(patience));
  cluster.failover(3);
  wait_for_restarts(second_life, 1);
  CHECK(second_life.restarts() == std::vector<std::string>{failover});  // had it been told of more, then before this

  // Started after the last change, so nothing is published any more: what it knows comes from a snapshot.
  fleet.wait_for("all to be known of the failover", [&](const Topology& topology) {
    const Node* old_primary = topology.node({cluster.node(0).id});
    const Mark* mark = topology.marks.find({0});
    return old_primary && old_primary->role == Role::replica && mark && !mark->replid.empty();
  });
  const auto published = publications(fleet.northbound());
  {
    RecordedController app(missed_it);
    REQUIRE(app->wait_ready(patience));
    const auto version = fleet.northbound().status().at("detector").at("version");
    CHECK(app->view().applied.text() == version);
    check_routing(*app, cluster);
    wait_for_restarts(app, 1);
    CHECK(app.restarts() == std::vector<std::string>{failover});
    CHECK(app.broken_promises() == std::vector<std::string>{});
  }
  CHECK(publications(fleet.northbound()) == published);
  // Nothing is left that a third life would be told.
  CHECK(StateStore(fleet.site().state_dir_of("missed-it"), "missed-it").pending("application").empty());

  // The memory it was: without it, everything is due again.
  std::filesystem::remove_all(fleet.site().state_dir_of("missed-it"));
  RecordedController without_memory(missed_it);
  wait_for_restarts(without_memory, 1);
  CHECK(without_memory.restarts() == std::vector<std::string>{start_line});
}
