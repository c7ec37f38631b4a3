// `dbha history`: what a process has seen, decided and told, with the evidence, on real clusters.

#include <fstream>
#include <sstream>

#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto node_timeout = 2000ms;

std::vector<json> history_of(const Site& site, const std::string& name, std::vector<std::string> options = {}) {
  options.insert(options.begin(), {"history", "-c", site.config_of(name), "--json"});
  const auto run = run_dbha(site, options);
  INFO(run.output);
  REQUIRE(run.exit_code == 0);
  std::vector<json> out;
  std::istringstream lines(run.output);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with('{')) out.push_back(json::parse(line));
  return out;
}

/// The first one of that kind from there on of which it holds; the end if there is none.
template <class Holds>
std::size_t next(const std::vector<json>& entries, std::size_t from, const std::string& what, Holds holds) {
  for (std::size_t i = from; i < entries.size(); ++i)
    if (entries[i].at("what") == what && holds(entries[i])) return i;
  return entries.size();
}

bool has(const std::vector<json>& entries, const std::string& what, const std::string& role) {
  return next(entries, 0, what, [&](const json& e) { return e.at("role") == role; }) < entries.size();
}

std::string text_of(const std::vector<json>& entries) {
  std::string out;
  for (const auto& entry : entries) out += entry.dump() + "\n";
  return out;
}

}  // namespace

TEST_CASE(
    "the history of a killed primary tells the sign, the promotion, the publication and the event, with evidence") {
  lab::RedisCluster cluster(with_users({.node_timeout = node_timeout}));  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 0, .embedded = 1});
  const auto& site = fleet.site();
  const std::string old_primary = cluster.node(0).id;
  const std::string new_primary = cluster.node(3).id;
  cluster.kill(0);
  fleet.wait_for_owner(0, 3);
  std::vector<json> told;
  const auto complete = [&] {
    told = history_of(site, "nb", {"--since", "10m", "--limit", "0"});
    return has(told, "claim_confirmed", "detector") && has(told, "suspicion_over", "detector") &&
           next(told, 0, "dbrestart", [&](const json& e) { return e.at("cause") == "failover"; }) < told.size();
  };
  const bool all = lab::wait_until(patience, complete, 100ms);
  INFO(text_of(told));
  REQUIRE(all);

  const auto suspicion = next(told, 0, "suspicion", [&](const json& e) { return e.at("shard") == old_primary; });
  REQUIRE(suspicion < told.size());
  CHECK((told[suspicion].at("sign") == "connection_lost" || told[suspicion].at("sign") == "refused"));
  const auto promoted = next(told, suspicion, "signal", [&](const json& e) { return e.at("sign") == "promoted"; });
  REQUIRE(promoted < told.size());
  CHECK(told[promoted].at("node") == new_primary);
  CHECK(told[promoted].at("after_us") > 1'000'000);  // the database needs its node timeout

  const auto published = next(told, promoted, "published", [](const json& e) { return e.contains("marks"); });
  REQUIRE(published < told.size());
  const json& change = told[published].at("evidence").at(0);
  CHECK(change.at("partitions") == json::parse("[[0, 5460]]"));
  CHECK(change.at("before").at("owner") == old_primary);
  CHECK(change.at("claim").at("owner") == new_primary);
  CHECK(change.at("claim").at("epoch") > change.at("before").at("epoch"));
  CHECK((change.at("road") == "announced" || change.at("road") == "confirmed"));
  CHECK(change.at("voters") == 3);
  CHECK(change.at(change.at("road") == "announced" ? "heard" : "named").at("count") >= 2);
  CHECK(change.at("steps").at("sign") == told[suspicion].at("sign"));
  CHECK(change.at("steps").at("suspected_us_before") > change.at("steps").at("promoted_us_before"));
  CHECK(change.at("steps").at("promoted_us_before") >= change.at("steps").at("claimed_us_before"));
  CHECK(told[published].at("marks").at(0).at("cause") == "failover");
  CHECK(told[published].at("storing_and_sending_us") > 0);

  const auto after = published + 1;
  CHECK(next(told, after, "suspicion_over", [&](const json& e) { return e.at("shard") == old_primary; }) < told.size());
  CHECK(next(told, after, "topology_changed",
             [&](const json& e) { return e.at("version") == told[published].at("version"); }) < told.size());
  const auto event = next(told, after, "dbrestart", [&](const json& e) { return e.at("new_primary") == new_primary; });
  REQUIRE(event < told.size());
  CHECK(told[event].at("role") == "controller");
  CHECK(told[event].at("at_ms") >= told[published].at("at_ms"));

  // The same for a person, and after the process has ended too.
  fleet.northbound().must_end_when_asked();
  const auto text = run_dbha(site, {"history", "-c", site.config_of("nb"), "--limit", "0"});
  INFO(text.output);
  CHECK(text.exit_code == 0);
  CHECK(text.says("suspicion"));
  CHECK(text.says("\n    0-5460 " + old_primary.substr(0, 8) + "@"));
  CHECK(text.says(" of 3 voters, suspected "));
  CHECK(text.says("\n    0-5460 marked: failover of " + old_primary.substr(0, 8)));
  CHECK(text.says("process_ended"));
  CHECK(history_of(site, "nb", {"--limit", "1"}).size() == 1);
  CHECK(history_of(site, "nb", {"--limit", "1"}).at(0).at("what") == "process_ended");
  CHECK(history_of(site, "nb", {"--since", "2100-01-01"}).empty());
  CHECK(site.files_with_a_secret() == std::vector<std::string>{});
}

TEST_CASE("history says what to do where there is none, where it cannot be read, and where --since is no time") {
  const Site site = site_without_database();
  const std::string config = site.write(northbound_file());
  const auto none = run_dbha(site, {"history", "-c", config});
  CHECK(none.exit_code == 3);
  CHECK(none.says("there is no history at " + site.state_dir_of("nb").string()));
  const auto when = run_dbha(site, {"history", "-c", config, "--since", "yesterday"});
  CHECK(when.exit_code == 2);
  CHECK(when.says("--since: expected how long ago (90s, 10m, 2h)"));
  CHECK(when.says("found 'yesterday'"));
  CHECK(run_dbha(site, {"history", "-c", site.path("nowhere.toml")}).exit_code == 2);
  std::filesystem::create_directories(site.state_dir_of("nb"));
  std::ofstream(site.state_dir_of("nb") / "nb.history") << std::string(5000, 'x');
  const auto damaged = run_dbha(site, {"history", "-c", config});
  CHECK(damaged.exit_code == 3);
  CHECK(damaged.says("file is not a database (move the file away"));
}
