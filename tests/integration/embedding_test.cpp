#include "fleet.hpp"
#include "support/catch.hpp"

using namespace dbha::test;

TEST_CASE("a program that links dbha::runtime alone becomes a controller, writes, reads and ends") {
  dbha::lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(northbound_file());
  DbhaProcess northbound(site, "nb");
  northbound.wait_for_problem("");
  const auto program = run_program(site, {DBHA_EMBEDDING, site.write(southbound_file("app"))});
  INFO(program.output);
  CHECK(program.exit_code == 0);
  for (const char* line : {"ready with topology g1.", "SET: OK, by 127.0.0.1:", "GET: hello, by 127.0.0.1:"})
    CHECK(program.says(line));

  const auto wrong = run_program(site, {DBHA_EMBEDDING, site.path("nowhere.toml")});
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.says("nowhere.toml"));
}
