// What the program prints and exits with, as the README says.

#include <fstream>

#include "fleet.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

std::filesystem::path written(const Site& site, const std::string& text) {
  const auto file = site.path("odd.toml");
  std::ofstream(file) << text;
  return file;
}

}  // namespace

TEST_CASE("the program says what it is and how it is used") {
  const Site site = site_without_database();
  for (const char* how : {"version", "--version"}) {
    const auto version = run_dbha(site, {how});
    CHECK(version.exit_code == 0);
    CHECK(version.output.starts_with("dbha 0."));
  }
  const auto help = run_dbha(site, {"--help"});
  CHECK(help.exit_code == 0);
  for (const char* word : {"run", "check", "status", "topology", "watch", "history", "Exit status"})
    CHECK(help.says(word));
  for (const auto& wrong : std::vector<std::vector<std::string>>{{},
                                                                 {"dance"},
                                                                 {"run"},
                                                                 {"check"},
                                                                 {"status"},
                                                                 {"topology"},
                                                                 {"watch"},
                                                                 {"history"},
                                                                 {"history", "-c", "x", "--limit", "-1"},
                                                                 {"status", "--config"},
                                                                 {"run", "--loudly"}}) {
    const auto refused = run_dbha(site, wrong);
    INFO(refused.output);
    CHECK(refused.exit_code == 2);
    CHECK_FALSE(refused.output.empty());
  }
}

TEST_CASE("check says what a process would be, and check and run say alike what is wrong with a file") {
  const Site site = site_without_database();
  const auto good = run_dbha(site, {"check", "-c", site.write(northbound_file())});
  INFO(good.output);
  CHECK(good.exit_code == 0);
  for (const char* word : {"process nb of cluster site", "detector publishing on", "controller listening to",
                           "backend plugin redis", ": ok"})
    CHECK(good.says(word));
  CHECK(site.files_with_a_secret() == std::vector<std::string>{});

  const std::string text = contents(site.config_of("nb"));
  const auto replaced = [&](const std::string& what, const std::string& by) {
    std::string out = text;
    return out.replace(out.find(what), what.size(), by);
  };
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"name = ", "odd.toml:"},                                               // no TOML
      {replaced("[detector]", "[detectoor]"), "detectoor"},                   // an unknown section
      {replaced("plugin = \"redis\"", "plugin = \"rdis\""), "rdis"},          // an unknown plugin
      {replaced("seeds = [\"127.0.0.1:", "seeds = [\"127.0.0.1;"), "seeds"},  // checked by the plugin
      {replaced("nb.pass", "nowhere.pass"), "nowhere.pass"},                  // needed at the start only
  };
  for (const auto& [content, word] : wrong) {
    const auto file = written(site, content);
    const auto run = run_dbha(site, {"run", "-c", file});
    INFO(run.output);
    CHECK(run.exit_code == 2);
    CHECK(run.says(word));
    CHECK(run.says("odd.toml") != (word == "rdis"));
  }
  for (const char* command : {"run", "check"}) {
    const auto missing = run_dbha(site, {command, "-c", site.path("nowhere.toml")});
    CHECK(missing.exit_code == 2);
    CHECK(missing.says("nowhere.toml"));
  }
}

TEST_CASE("status and topology say that nobody answers, what is wrong, or that all is well") {
  lab::RedisCluster cluster(with_users({.primaries = 1, .replicas_per_primary = 0}));
  const Site site(cluster);
  const std::string config = site.write(northbound_file());
  for (const char* command : {"status", "topology"}) {
    const auto nobody = run_dbha(site, {command, "-c", config});
    CHECK(nobody.exit_code == 3);
    CHECK(nobody.says("nobody answers at " + site.admin_of("nb")));
  }
  DbhaProcess process(site, "nb");
  process.wait_for_problem("");
  const auto well = run_dbha(site, {"status", "--connect", site.admin_of("nb")});
  INFO(well.output);
  CHECK(well.exit_code == 0);
  CHECK(well.output.starts_with("nb of cluster site, pid "));
  CHECK(well.says(": all is well"));
  CHECK(nlohmann::json::parse(run_dbha(site, {"status", "-c", config, "--json"}).output).at("problems").empty());
  const auto topology = run_dbha(site, {"topology", "-c", config});
  CHECK(topology.exit_code == 0);
  CHECK(topology.says(cluster.node(0).address()));
  CHECK(topology.says("0-16383"));
  process.must_end_when_asked();
  CHECK(run_dbha(site, {"status", "-c", config}).exit_code == 3);
}
