// A connection whose password changes while it lives, or before it comes to its greeting.
#include "heard.hpp"
#include "password_file.hpp"
#include "run_until.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"
#include "support/scripted_redis.hpp"
#include "support/test_log.hpp"

using namespace dbha;
using namespace dbha::redis;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// A node that lets nobody do anything without the password, as Redis does it; the last AUTH counts.
class GuardedNode {
 public:
  explicit GuardedNode(ScriptedRedis& node) {
    node.answer([this](const ScriptedRedis::Args& args) -> std::optional<std::string> {
      if (args[0] == "AUTH") {
        tried.push_back(args.back());
        inside = args.back() == password;
        return inside ? "+OK\r\n" : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
      }
      return inside ? std::string() : "-NOAUTH Authentication required.\r\n";
    });
  }
  std::string password = "old";
  bool inside = false;
  std::vector<std::string> tried;
};

struct Bench {
  EpollLoop loop;
  ScriptedRedis node{loop};
  GuardedNode guard{node};
  PasswordFile file{"old"};
  TestLog log;
  CredentialsFile credentials{GivenOptions({{"username", "app"}, {"password_file", file.path()}}), log};
  Heard heard;
  Told told;
  std::unique_ptr<Connection> connection;

  void open() {
    Connection::Settings settings{.endpoint = node.endpoint(), .access = {}, .client_name = "test"};
    settings.access.credentials = &credentials;
    connection = std::make_unique<Connection>(loop, settings, heard);
    REQUIRE(run_until(loop, [&] { return heard.up + heard.closed == 1; }));
  }
  /// As the calls of a Database do it: a call that hears NOAUTH is sent again behind the login.
  void get() {
    connection->send({"GET", "k"}, [this](Fate fate, Value&& value) {
      if (fate == Fate::replied && value.text.starts_with("NOAUTH") && connection->log_in_again()) return get();
      told.all.emplace_back(fate, std::move(value));
    });
  }
};

}  // namespace

TEST_CASE("a refused login is tried again on the same connection if the password file has changed") {
  Bench bench;
  bench.guard.password = "new";
  bench.file.write("new\n");
  bench.open();
  CHECK(bench.heard.up == 1);
  CHECK(bench.guard.tried == std::vector<std::string>{"old", "new"});
  CHECK(bench.node.accepted() == 1);
}

TEST_CASE("a refused login with nothing new in the file is the end, and is told of as it is") {
  Bench bench;
  bench.guard.password = "new";
  bench.open();
  CHECK(bench.heard.reason == CloseReason::auth);
  CHECK(bench.heard.detail == "WRONGPASS invalid username-password pair or user is disabled.");
  bench.heard = {};
  bench.file.write("newer");  // another wrong one is tried once, not for ever
  bench.open();
  CHECK(bench.heard.reason == CloseReason::auth);
  CHECK(bench.guard.tried == std::vector<std::string>{"old", "old", "newer"});
}

TEST_CASE("calls that hear NOAUTH go on behind one new login") {
  Bench bench;
  bench.open();
  bench.guard.inside = false;
  bench.guard.password = "new";
  bench.file.write("new");
  for (int i = 0; i < 3; ++i) bench.get();
  REQUIRE(run_until(bench.loop, [&] { return bench.told.all.size() == 3; }));
  for (const auto& [fate, value] : bench.told.all) CHECK(value.text == "OK");
  CHECK(bench.guard.tried == std::vector<std::string>{"old", "old", "new"});  // at the greeting, and now
  CHECK(bench.heard.closed == 0);
}

TEST_CASE("a login that is refused in the middle ends the connection, and each call hears that") {
  Bench bench;
  bench.open();
  bench.guard.inside = false;
  bench.guard.password = "unknown to us";
  for (int i = 0; i < 3; ++i) bench.get();
  REQUIRE(run_until(bench.loop, [&] { return bench.heard.closed == 1; }));
  CHECK(bench.heard.reason == CloseReason::auth);
  REQUIRE(bench.told.all.size() == 3);
  for (const auto& [fate, value] : bench.told.all) CHECK(fate == Fate::written);
}

TEST_CASE("without a password there is no other login to try") {
  Bench bench;
  bench.credentials = CredentialsFile({});
  bench.guard.inside = true;
  bench.open();
  bench.guard.inside = false;
  bench.get();
  REQUIRE(run_until(bench.loop, [&] { return bench.told.all.size() == 1; }));
  CHECK(bench.told.all[0].second.text == "NOAUTH Authentication required.");
  CHECK(bench.guard.tried.empty());
}
