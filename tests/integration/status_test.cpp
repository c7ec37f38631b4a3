// `dbha status` of a detector: who has applied what.

#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using Catch::Matchers::Matches;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

/// The line of the table that begins with that controller's name; empty if there is none.
std::string row_of(const std::string& output, const std::string& controller) {
  const auto at = output.find("\n  " + controller + ' ');
  return at == std::string::npos ? "" : output.substr(at + 1, output.find('\n', at + 1) - at - 1);
}

json entry_of(const json& status, const std::string& controller) {
  for (const auto& entry : status.at("detector").at("controllers"))
    if (entry.at("name") == controller) return entry;
  return {};
}

}  // namespace

TEST_CASE("status names every controller: what it has applied, whether that is current, since when, what is pending") {
  lab::RedisCluster cluster(with_users());  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 2, .embedded = 1});
  const auto& site = fleet.site();
  const auto before = fleet.northbound().status().at("detector").at("version").get<std::string>();
  const auto well = run_dbha(site, {"status", "-c", site.config_of("nb")});
  INFO(well.output);
  CHECK(well.exit_code == 0);
  CHECK(well.says("current   4 of 4 controllers"));
  CHECK(well.says("hints     "));
  for (const char* name : {"app-1", "nb", "sb-1", "sb-2"})
    CHECK_THAT(row_of(well.output, name), Matches("  " + std::string(name) + " +" + before + "  yes +[0-9]+ m?s +0"));

  // One is stopped while a shard fails over: it has not applied what the others have.
  fleet.southbound().front().stop();
  cluster.failover(3);
  json status;
  REQUIRE(lab::wait_until(
      patience,
      [&] {
        status = fleet.northbound().status();
        return status.at("detector").at("version") != before && status.at("detector").at("current_controllers") == 3;
      },
      20ms));
  const auto lagging = run_dbha(site, {"status", "-c", site.config_of("nb")});
  INFO(lagging.output);
  CHECK(lagging.exit_code == 1);
  CHECK(lagging.says("controller sb-1 has not applied g1."));
  CHECK_THAT(row_of(lagging.output, "sb-1"), Matches("  sb-1 +" + before + "  LAGS +[0-9]+ m?s +0"));
  CHECK_THAT(row_of(lagging.output, "sb-2"), Matches("  sb-2 +g1\\.e[0-9]+\\.[0-9a-f]{6}  yes +[0-9]+ m?s +[01]"));
  const auto entry = entry_of(status, "sb-1");
  CHECK(entry.at("applied") == before);
  CHECK(entry.at("current") == false);
  CHECK(entry.at("for_ms") > 0);
  CHECK(entry.at("pending") == 0);

  fleet.southbound().front().resume();
  fleet.wait_for("all to have applied it", [](const Topology&) { return true; });
}
