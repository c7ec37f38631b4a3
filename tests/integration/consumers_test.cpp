// The programs of tests/consumers, as a user runs them, on a cluster that loses what it has acknowledged.

#include <csignal>
#include <sstream>

#include <nlohmann/json.hpp>

#include "lab/redis_cluster.hpp"
#include "lab/wait.hpp"
#include "program.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;

namespace {

/// A program that prints one JSON object a line.
class Consumer {
 public:
  Consumer(const Site& site, const std::string& name, std::vector<std::string> argv)
      : log_(site.path(name + ".out")), child_(lab::ChildProcess::spawn(argv, log_)) {}

  std::vector<json> lines() const {
    std::vector<json> out;
    std::istringstream text(contents(log_));
    for (std::string line; std::getline(text, line);)
      if (!text.eof()) out.push_back(json::parse(line));
    return out;
  }
  /// The newest line that tells of it; null: there is none.
  json last(const std::string& what) const {
    json out;
    for (const auto& line : lines())
      if (line.at("what") == what) out = line;
    return out;
  }
  void wait_for_line(const std::string& what) {
    INFO(contents(log_));
    REQUIRE(lab::wait_until(patience, [&] { return !last(what).is_null(); }));
  }
  void kill() { child_.kill_now(); }
  /// Its last line.
  json end() {
    child_.signal(SIGTERM);
    const auto status = child_.wait_exit(patience);
    INFO(contents(log_));
    REQUIRE(status);
    CHECK(to_string(*status) == "exit code 0");
    return last("end");
  }

 private:
  std::filesystem::path log_;
  lab::ChildProcess child_;
};

}  // namespace

TEST_CASE(
    "a northbound program goes through a failover and its own death, and a southbound one knows all it has done") {
  lab::RedisCluster cluster(with_users());
  const Site site(cluster);
  site.write(northbound_file());
  DbhaProcess detector(site, "nb");
  detector.wait_for_problem("");
  ProcessFile file = southbound_file("app");
  file.controller_lines =
      "\n[[consistency]]\nplugin = \"mirror\"\ntables = [\"networks\", \"ports\"]\ndurability = \"process\"\n";
  ProcessFile cache = southbound_file("cache");
  cache.controller_lines = file.controller_lines + "direction = \"pull\"\n";
  Consumer southbound(site, "cache", {DBHA_SOUTHBOUND, site.write(cache)});
  const std::vector<std::string> argv = {DBHA_NORTHBOUND, site.write(file), "1000", "20000"};
  const auto verify = [&](const std::string& name) {
    return run_dbha(site, {"verify", "--connect", site.admin_of(name)});
  };
  std::optional<Consumer> program(std::in_place, site, "app-1", argv);
  program->wait_for_line("state");

  const std::size_t primary = cluster.primary_of(0);
  const std::size_t replica = cluster.replicas_of(primary).at(0);
  const auto stored = [&] { return program->last("state").at("stored").get<int>(); };
  const auto write_for_a_while = [&] {
    const int before = stored();
    REQUIRE(lab::wait_until(patience, [&] { return stored() > before + 500; }));
  };
  cluster.cut_off(replica);
  write_for_a_while();
  cluster.kill(primary);
  cluster.rejoin(replica);
  write_for_a_while();
  CHECK(program->last("state").at("refused") == 0);
  program->kill();

  program.emplace(site, "app-2", argv);
  program->wait_for_line("ready");
  CHECK(program->last("ready").at("entries") > 0);
  program->wait_for_line("state");
  INFO(verify("app").output);
  CHECK(lab::wait_until(patience, [&] { return verify("app").exit_code == 0; }));
  const json end = program->end();
  CHECK(end.at("entries") > 0);
  CHECK(end.at("refused") == 0);
  REQUIRE(end.at("waiting") == 0);

  INFO(verify("cache").output);
  CHECK(lab::wait_until(patience, [&] { return verify("cache").exit_code == 0; }));
  const json copy = southbound.end();
  CHECK(copy.at("entries") == end.at("entries"));
  CHECK(copy.at("digest") == end.at("digest"));
  CHECK(copy.at("changes") >= copy.at("entries"));
}

TEST_CASE("the programs end cleanly though there is no database, and refuse a file that does not suit them") {
  const Site site = site_without_database();
  ProcessFile file = southbound_file("app");
  const auto without_mirror = site.write(file);
  for (const char* program : {DBHA_NORTHBOUND, DBHA_SOUTHBOUND}) {
    const auto refused = run_program(site, {program, without_mirror});
    CHECK(refused.exit_code == 2);
    CHECK(refused.says("expected a [[consistency]] named mirror"));
  }
  file.controller_lines = "\n[[consistency]]\nplugin = \"mirror\"\ntables = [\"networks\", \"ports\"]\n";
  const auto config = site.write(file);
  json written;
  {
    Consumer northbound(site, "nb", {DBHA_NORTHBOUND, config, "500"});
    northbound.wait_for_line("state");
    written = northbound.end();
    CHECK(written.at("stored") > 0);
    CHECK(written.at("waiting") >= written.at("entries"));  // removed ones wait as well
  }
  Consumer southbound(site, "sb", {DBHA_SOUTHBOUND, config});
  southbound.wait_for_line("ready");
  const json read = southbound.end();
  CHECK(read.at("entries") == written.at("entries"));
  CHECK(read.at("digest") == written.at("digest"));
}
