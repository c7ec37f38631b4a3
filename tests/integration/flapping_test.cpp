// A shard goes over to its replica and back at once, and another shard goes over meanwhile.

#include "claim_watch.hpp"
#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

TEST_CASE("a flapping shard is followed at once, and told of at once and once more when its hold-down ends") {
  constexpr auto hold_down = 6s;            // some failovers of a loaded machine fit in
  lab::RedisCluster cluster(with_users());  // primaries 0 1 2, their replicas 3 4 5
  const Site site(cluster);
  site.write(northbound_file());
  DbhaProcess detector(site, "nb");
  detector.wait_for_problem("");
  auto file = southbound_file("app");
  file.hold_down = std::to_string(hold_down.count()) + "s";
  RecordedController app(site.write(file));
  const auto wait = [&](const std::string& what, const std::function<bool()>& holds) {
    INFO(what << "; the log of the controller:\n" << contents(site.log_of("app")));
    REQUIRE(lab::wait_until(patience, holds, 5ms));
  };
  wait("the event of the start", [&] { return app.restarts().size() == 1; });
  ClaimWatch watch(*app);
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };

  const auto begun = std::chrono::steady_clock::now();
  cluster.failover(3);
  wait("the first event", [&] { return app.restarts().size() == 2; });
  cluster.wait_ready();  // the old primary is a replica that may take over
  cluster.failover(0);
  wait("the way back to be followed", [&] { return watch.owner_changes().size() == 2; });
  // What is held stands in the status that people read.
  const auto status = run_dbha(site, {"status", "-c", site.config_of("app")});
  INFO(status.output);
  CHECK(status.says("  held      application: a dbrestart for 0-5460 until its hold-down ends"));
  cluster.failover(4);
  wait("the other shard's event", [&] { return app.restarts().size() == 3; });
  CHECK(std::chrono::steady_clock::now() - begun < hold_down);
  wait("the end of the hold-down", [&] { return app.restarts().size() == 4; });
  CHECK(std::chrono::steady_clock::now() - begun >= hold_down);

  CHECK(app.restarts() == std::vector{start_line, failover_line(shards[0], id(0), id(3)),
                                      failover_line(shards[1], id(1), id(4)), failover_line(shards[0], id(3), id(0))});
  CHECK(watch.owner_changes() == std::vector{owner_line("failover", shards[0], id(0), id(3)),
                                             owner_line("failover", shards[0], id(3), id(0)),
                                             owner_line("failover", shards[1], id(1), id(4))});
  CHECK(app.broken_promises() == std::vector<std::string>{});
}
