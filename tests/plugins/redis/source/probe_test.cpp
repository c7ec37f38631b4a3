#include "real_replies.hpp"
#include "recorder.hpp"
#include "support/catch.hpp"
#include "support/scripted_redis.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

const std::string my_id = "0fb349784ead07801939deb3226a301858170aff";

/// A replica in good health.
std::optional<std::string> healthy(const ScriptedRedis::Args& args) {
  const auto command = args[0] + (args.size() > 1 ? ' ' + args[1] : "");
  if (command == "CLUSTER NODES") return bulk(replies::cluster_nodes);
  if (command == "CLUSTER INFO") return bulk(replies::cluster_info);
  if (command == "CLUSTER MYID") return bulk(my_id);
  if (command == "INFO server") return bulk(replies::server);
  if (command == "INFO replication") return bulk(replies::replication_of_replica);
  if (command == "ROLE") return "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:27105\r\n$9\r\nconnected\r\n:350\r\n";
  if (command == "PING") return "+PONG\r\n";
  if (args[0] == "CLIENT" || args[0] == "AUTH") return "+OK\r\n";
  return "-ERR unknown command\r\n";
}

/// Healthy, but for the commands that begin so.
ScriptedRedis::Script healthy_but(const std::string& command, std::optional<std::string> reply) {
  return [=](const ScriptedRedis::Args& args) {
    const auto spelled = args[0] + (args.size() > 1 ? ' ' + args[1] : "");
    return spelled.starts_with(command) ? reply : healthy(args);
  };
}

std::string host_of(const ScriptedRedis& node) {
  return node.endpoint().text();
}

}  // namespace

TEST_CASE("each question has one answer, which names the node and the time of the question") {
  Bench bench;
  ScriptedRedis node(bench.loop, healthy);
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  const auto before = std::chrono::steady_clock::now();
  REQUIRE(bench.ask_until(source, node.endpoint(), Question::view, [&] { return !bench.heard.views.empty(); }));
  for (auto question : {Question::role, Question::epoch, Question::alive}) source.ask(node.endpoint(), question);
  const auto answers = bench.heard.answers();
  REQUIRE(bench.run_until([&] { return bench.heard.answers() == answers + 3; }));

  const auto& view = bench.heard.views[0];
  CHECK(view.node.value == my_id);
  CHECK(view.endpoint == node.endpoint());
  CHECK(view.asked <= view.answered);
  CHECK(view.asked >= before - 100ms);
  REQUIRE(bench.heard.roles.size() == 1);
  CHECK(bench.heard.roles[0].role == Role::replica);
  CHECK(bench.heard.roles[0].node.value == my_id);
  CHECK(bench.heard.roles[0].synced);
  REQUIRE(bench.heard.epochs.size() == 1);
  CHECK(bench.heard.epochs[0].ok);
  CHECK(bench.heard.epochs[0].current_epoch == Epoch{7});
  REQUIRE(bench.heard.alive.size() == 1);
}

TEST_CASE("a question asked before the connection is up is answered when it is") {
  Bench bench;
  ScriptedRedis node(bench.loop, healthy);
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  REQUIRE(bench.run_until([&] { return node.accepted() == 1; }));
  source.ask(node.endpoint(), Question::role);
  REQUIRE(bench.run_until([&] { return bench.heard.answers() == 1; }));
  REQUIRE(bench.heard.roles.size() == 1);
  CHECK(bench.heard.roles[0].node.value == my_id);  // the node was asked who it is before all else
}

TEST_CASE("an endpoint that nobody gave to the source gives no answer, later than ask returns") {
  Bench bench;
  auto source = bench.source();
  source.ask({"127.0.0.1", 1}, Question::role);
  CHECK(bench.heard.answers() == 0);
  REQUIRE(bench.run_until([&] { return bench.heard.no_answers.size() == 1; }));
}

TEST_CASE("a silent node: no answer within probe_timeout, the connection stays, late replies are dropped") {
  Bench bench;
  bench.settings.probe_timeout = 50ms;
  ScriptedRedis node(bench.loop, healthy);
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  REQUIRE(bench.ask_until(source, node.endpoint(), Question::role, [&] { return !bench.heard.roles.empty(); }));
  bench.heard = {};

  node.answer(healthy_but("ROLE", std::nullopt));
  source.ask(node.endpoint(), Question::role);
  REQUIRE(bench.run_until([&] { return bench.heard.no_answers.size() == 1; }, 1s));
  node.say("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n");  // now it comes: master, not slave
  node.answer(healthy);
  source.ask(node.endpoint(), Question::role);
  REQUIRE(bench.run_until([&] { return bench.heard.answers() == 2; }));
  REQUIRE(bench.heard.roles.size() == 1);
  CHECK(bench.heard.roles[0].role == Role::replica);
  CHECK(node.accepted() == 1);
}

TEST_CASE("a lost connection is a hint that names the node, at once, and what was asked has no answer") {
  Bench bench;
  ScriptedRedis node(bench.loop, healthy);
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  REQUIRE(bench.ask_until(source, node.endpoint(), Question::view, [&] { return !bench.heard.views.empty(); }));
  bench.heard = {};

  node.answer(healthy_but("CLUSTER NODES", std::nullopt));
  source.ask(node.endpoint(), Question::view);
  bench.loop.turn(1ms);
  node.close_clients();
  REQUIRE(bench.run_until([&] { return bench.heard.answers() == 1; }, 100ms));
  CHECK(bench.heard.no_answers.size() == 1);
  REQUIRE(bench.heard.hints_of(HintKind::connection_lost) == 1);
  CHECK(bench.heard.hints[0].node.value == my_id);
  CHECK(bench.heard.hints[0].endpoint == node.endpoint());
  REQUIRE(bench.run_until([&] { return node.accepted() == 2; }, 1s));
}

TEST_CASE("a node that throws us out again and again is not hammered") {
  Bench bench;
  ScriptedRedis node(bench.loop, healthy);
  node.answer([&](const ScriptedRedis::Args& args) -> std::optional<std::string> {
    if (args[0] == "CLUSTER") {
      node.close_clients();
      return std::nullopt;
    }
    return healthy(args);
  });
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  bench.run_until([] { return false; }, 1s);
  CHECK(node.accepted() >= 2);
  CHECK(node.accepted() <= 10);
}

TEST_CASE("a refused connection is one hint for the whole outage") {
  Bench bench;
  auto gone = std::make_unique<ScriptedRedis>(bench.loop, healthy);
  const auto endpoint = gone->endpoint();
  gone.reset();
  auto source = bench.source();
  source.set_endpoints({endpoint});
  REQUIRE(bench.run_until([&] { return bench.heard.hints_of(HintKind::refused) == 1; }));
  bench.run_until([] { return false; }, 500ms);  // some five tries
  CHECK(bench.heard.hints.size() == 1);
  source.ask(endpoint, Question::view);
  REQUIRE(bench.run_until([&] { return bench.heard.no_answers.size() == 1; }, 200ms));
}

TEST_CASE("a node that is silent for a second gets a second connection, and what answers first is kept") {
  Bench bench;
  bench.settings.probe_timeout = 50ms;
  ScriptedRedis node(bench.loop, healthy);
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  REQUIRE(bench.ask_until(source, node.endpoint(), Question::role, [&] { return !bench.heard.roles.empty(); }));
  bench.heard = {};

  // The first connection is dead without a sign: its ROLE is never answered, so nothing behind it is either.
  bool first_dead = true;
  node.answer([&](const ScriptedRedis::Args& args) -> std::optional<std::string> {
    if (args[0] == "CLIENT" || args[0] == "PING") first_dead = false;
    return first_dead ? std::nullopt : healthy(args);
  });
  REQUIRE(bench.ask_until(source, node.endpoint(), Question::role, [&] { return !bench.heard.roles.empty(); }));
  CHECK(node.accepted() == 2);
  CHECK(bench.heard.hints.empty());
  CHECK(bench.log.contains("silent_connection_replaced"));
}

TEST_CASE("a stopped node does not find thousands of questions when it wakes") {
  Bench bench;
  bench.settings.probe_timeout = 20ms;
  ScriptedRedis node(bench.loop, healthy);
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  REQUIRE(bench.ask_until(source, node.endpoint(), Question::role, [&] { return !bench.heard.roles.empty(); }));
  node.answer(healthy_but("ROLE", std::nullopt));
  const auto asked_before = node.count("ROLE");
  const auto answers = bench.heard.answers();
  for (int i = 0; i < 1000; ++i) source.ask(node.endpoint(), Question::role);
  REQUIRE(bench.run_until([&] { return bench.heard.answers() == answers + 1000; }));
  CHECK(node.count("ROLE") - asked_before <= 128);
}

TEST_CASE("an unusable node is named with what is wrong and what to do") {
  struct Row {
    std::string name;
    ScriptedRedis::Script script;
    std::string reason;  ///< after host:port
  };
  const auto row = GENERATE(values<Row>({
      {"no Redis", [](const ScriptedRedis::Args&) { return "SSH-2.0-OpenSSH_9.2\r\n"; },
       " does not speak the Redis protocol ("},
      {"no cluster", healthy_but("CLUSTER", "-ERR This instance has cluster support disabled\r\n"),
       " is not in cluster mode: set cluster-enabled yes in its redis.conf"},
      {"an ACL",
       healthy_but("CLUSTER NODES", "-NOPERM this user has no permissions to run the 'cluster|nodes' command\r\n"),
       ": user 'default' may not run CLUSTER NODES: add the ACL rule +cluster|nodes"},
      {"another ACL", healthy_but("INFO", "-NOPERM this user has no permissions to run the 'info' command\r\n"),
       ": user 'default' may not run INFO server: add the ACL rule +info"},
      {"no such command", healthy_but("CLUSTER NODES", "-ERR unknown command 'CLUSTER'\r\n"),
       " refused CLUSTER NODES: 'ERR unknown command 'CLUSTER''"},
      {"no slots", healthy_but("CLUSTER NODES", bulk(my_id + " h:1@2 myself,master - 0 0 1 connected 16384\n")),
       " gave a malformed reply to CLUSTER NODES: node " + my_id + " has bad slots: '16384'"},
      {"a wrong shape", healthy_but("INFO replication", ":1\r\n"),
       " gave a malformed reply to INFO replication: no field 'role'"},
  }));
  CAPTURE(row.name);
  Bench bench;
  ScriptedRedis node(bench.loop, row.script);
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  REQUIRE(bench.ask_until(source, node.endpoint(), Question::view, [&] { return !bench.heard.unusable.empty(); }));
  CHECK(bench.heard.unusable[0].endpoint == node.endpoint());
  CHECK(bench.heard.unusable[0].reason.starts_with(host_of(node) + row.reason));
}

TEST_CASE("a refused login names the user and never the password") {
  Bench bench;
  bench.log_in_as({"ha", "s3cr3t"});
  ScriptedRedis node(bench.loop,
                     healthy_but("AUTH", "-WRONGPASS invalid username-password pair or user is disabled.\r\n"));
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  REQUIRE(bench.ask_until(source, node.endpoint(), Question::view, [&] { return !bench.heard.unusable.empty(); }));
  const auto reason = bench.heard.unusable[0].reason;
  CHECK(reason.starts_with(host_of(node) + " refused the login of user 'ha': check username and password_file"));
  CHECK(reason.find("s3cr3t") == std::string::npos);
  CHECK_FALSE(bench.log.contains("s3cr3t"));
}

TEST_CASE("a node that loads its data is alive but has no answer, and one hint says so") {
  Bench bench;
  const std::string loading = "-LOADING Redis is loading the dataset in memory\r\n";
  ScriptedRedis node(bench.loop, healthy_but("CLUSTER", loading));
  auto source = bench.source();
  source.set_endpoints({node.endpoint()});
  REQUIRE(bench.ask_until(source, node.endpoint(), Question::view,
                          [&] { return bench.heard.hints_of(HintKind::unavailable) == 1; }));
  for (auto question : {Question::view, Question::epoch, Question::alive}) source.ask(node.endpoint(), question);
  const auto answers = bench.heard.answers();
  REQUIRE(bench.run_until([&] { return bench.heard.answers() == answers + 3; }));
  CHECK(bench.heard.unusable.empty());
  CHECK(bench.heard.alive.size() == 1);
  CHECK(bench.heard.hints.size() == 1);
}

TEST_CASE("endpoints may change inside a call, and what was asked of the old ones still has its answer") {
  Bench bench;
  ScriptedRedis old_node(bench.loop, healthy), new_node(bench.loop, healthy);
  auto source = bench.source();
  source.set_endpoints({old_node.endpoint()});
  REQUIRE(bench.ask_until(source, old_node.endpoint(), Question::role, [&] { return !bench.heard.roles.empty(); }));
  bench.heard.during_call = [&] {
    source.set_endpoints({new_node.endpoint()});
    source.ask(new_node.endpoint(), Question::role);
  };
  const auto answers = bench.heard.answers();
  for (int i = 0; i < 3; ++i) source.ask(old_node.endpoint(), Question::role);
  REQUIRE(bench.run_until([&] { return bench.heard.answers() == answers + 4; }));
  CHECK(bench.run_until([&] { return old_node.clients() == 0 && new_node.clients() == 1; }));
  CHECK(bench.heard.answers() == answers + 4);
}
