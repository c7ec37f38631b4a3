// The password of an ACL user changes on a real Redis Cluster, and in the file, under a Database with calls.
#include "database_bench.hpp"
#include "lab/redis_cluster.hpp"
#include "password_file.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// One node that owns all slots, and a Database logged in there as `app`.
struct Site : DatabaseBench {
  lab::RedisCluster cluster{options()};
  PasswordFile file{"first\n"};
  redis::CredentialsFile credentials{GivenOptions({{"username", "app"}, {"password_file", file.path()}}), log};

  static lab::RedisCluster::Options options() {
    lab::RedisCluster::Options out;
    out.primaries = 1;
    out.replicas_per_primary = 0;
    out.conf_lines = {"user app on >first ~* &* +@all -cluster"};
    return out;
  }
  Site() {
    access.credentials = &credentials;
    settings.apply_timeout = 2s;
    open();
    auto topology = std::make_shared<Topology>();
    topology->generation = 1;
    topology->partitions = 16384;
    const auto node = cluster.node(0);
    topology->nodes = {member(node.id, {node.host, node.port}, Role::primary)};
    topology->claims.set({{0}, {16383}}, {{1}, 0, {node.id}});
    apply(topology);
    REQUIRE(run_until(loop, [&] { return !applied.empty(); }));
    REQUIRE(applied[0].complete);
    database->subscribe("news", [this](const std::string&, const std::string& message) { news = message; });
    REQUIRE(heard("first"));
  }
  ~Site() { database->close(); }

  void change_password(const std::string& password) {
    cluster.client(0).demand({"ACL", "SETUSER", "app", "resetpass", ">" + password});
  }
  /// As after the end of a process or a cut line.
  void cut_connections() { cluster.client(0).demand({"CLIENT", "KILL", "USER", "app"}); }
  Outcome set() {
    const auto before = results.size();
    submit({"SET", "k", "v"});
    REQUIRE(until_results(before + 1));
    return results.back().outcome;
  }
  /// The subscription works.
  bool heard(const std::string& message) {
    return run_until(loop, [&] {
      cluster.client(0).demand({"PUBLISH", "news", message});
      return news == message;
    });
  }
  std::string news;
};

}  // namespace

TEST_CASE("the file changes before the database: calls go on, also on new connections") {
  Site site;
  site.file.write("second\n");
  CHECK(site.set() == Outcome::ok);
  site.cut_connections();
  CHECK(site.set() == Outcome::ok);  // with the old password, which is still good
  site.change_password("second");
  CHECK(site.set() == Outcome::ok);
  site.cut_connections();
  CHECK(site.set() == Outcome::ok);
  CHECK(site.heard("second"));
  CHECK_FALSE(site.log.contains("reason=auth"));  // refused once, and let in on the same connection
  CHECK(site.log.contains("password_file_read_again"));
  CHECK_FALSE(site.log.contains("second"));
}

TEST_CASE("the database changes before the file: what is connected goes on, the rest when the file has changed") {
  Site site;
  site.change_password("second");
  CHECK(site.set() == Outcome::ok);
  site.cut_connections();
  CHECK(site.set() == Outcome::error_reply);  // nobody knows a password that would help
  CHECK(site.results.back().detail.starts_with("the node does not let us in: WRONGPASS"));
  site.file.write("second\n");
  REQUIRE(run_until(site.loop, [&] { return site.set() == Outcome::ok; }));
  CHECK(site.heard("second"));
}

TEST_CASE("connections of the Database end by connect_timeout, not by apply_timeout") {
  DatabaseBench bench;
  bench.a.answer([](const ScriptedRedis::Args&) { return std::nullopt; });
  bench.access.connect_timeout = 50ms;
  bench.settings.apply_timeout = 60s;
  bench.open();
  bench.apply(bench.owned_by("a"));
  REQUIRE(run_until(
      bench.loop, [&] { return bench.log.contains("reason=timeout"); }, 5s));
}
