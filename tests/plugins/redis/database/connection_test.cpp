// One connection to one scripted node.
#include "redis/connection.hpp"

#include <numeric>

#include "heard.hpp"
#include "run_until.hpp"
#include "support/catch.hpp"
#include "support/scripted_redis.hpp"

using namespace dbha;
using namespace dbha::redis;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

struct Bench {
  EpollLoop loop;
  ScriptedRedis node{loop};
  Heard heard;
  std::unique_ptr<Connection> connection;

  Connection::Settings settings() const { return {.endpoint = node.endpoint(), .access = {}, .client_name = "test"}; }
  void open(Connection::Settings with) {
    connection = std::make_unique<Connection>(loop, std::move(with), heard);
    CHECK(heard.up + heard.closed == 0);  // nothing is called from inside the constructor
  }
  void open() { open(settings()); }
  void open_up() {
    open();
    REQUIRE(run_until(loop, [&] { return heard.up == 1; }));
  }
  bool until_closed() {
    return run_until(loop, [&] { return heard.closed == 1; });
  }
};

}  // namespace

TEST_CASE("a connection is up when the node has answered its greeting, not when TCP is") {
  Bench bench;
  std::vector<ScriptedRedis::Args> greeting;
  bool answer = false;
  bench.node.answer([&](const auto& args) -> std::optional<std::string> {
    greeting.push_back(args);
    return answer ? std::optional<std::string>("") : std::nullopt;
  });
  CredentialsFile login({"app", "secret"});
  auto settings = bench.settings();
  settings.access.credentials = &login;
  bench.open(settings);
  REQUIRE(run_until(bench.loop, [&] { return greeting.size() == 3; }));
  CHECK(greeting ==
        std::vector<ScriptedRedis::Args>{{"AUTH", "app", "secret"}, {"CLIENT", "SETNAME", "test"}, {"PING"}});
  CHECK(bench.connection->state() == Connection::State::greeting);
  bench.node.say("+OK\r\n+OK\r\n");
  settle(bench.loop);
  CHECK(bench.heard.up == 0);
  bench.node.say("+PONG\r\n");
  CHECK(run_until(bench.loop, [&] { return bench.heard.up == 1; }));
}

TEST_CASE("requests are answered in their order, also those sent before the connection is up") {
  Bench bench;
  bench.node.answer([](const auto& args) { return args[0] == "ECHO" ? "$1\r\n" + args[1] + "\r\n" : ""; });
  bench.open();
  Told told;
  for (const auto* text : {"1", "2", "3"}) bench.connection->send({"ECHO", text}, told.handler());
  REQUIRE(run_until(bench.loop, [&] { return told.all.size() == 3; }));
  CHECK(bench.heard.up == 1);
  CHECK(told.all[0].second.text == "1");
  CHECK(told.all[2].second.text == "3");
}

TEST_CASE("an error reply is a reply") {
  Bench bench;
  bench.node.answer([](const auto& args) { return args[0] == "SET" ? "-OOM no\r\n" : ""; });
  bench.open_up();
  Told told;
  bench.connection->send({"SET", "k", "v"}, told.handler());
  REQUIRE(run_until(bench.loop, [&] { return told.all.size() == 1; }));
  CHECK(told.all[0].first == Fate::replied);
  CHECK(told.all[0].second.kind == Value::Kind::error);
}

TEST_CASE("a port where nobody listens refuses, and a name without address does not resolve") {
  Bench bench;
  bench.node.listener().refuse();
  bench.open();
  REQUIRE(bench.until_closed());
  CHECK(bench.heard.reason == CloseReason::refused);
  CHECK(bench.heard.detail == "Connection refused");

  Bench other;
  auto settings = other.settings();
  settings.endpoint.host = "no-such-host.invalid";
  settings.access.connect_timeout = 30s;
  other.open(settings);
  REQUIRE(run_until(
      other.loop, [&] { return other.heard.closed == 1; }, 30s));
  CHECK(other.heard.reason == CloseReason::resolve);
}

TEST_CASE("a name resolves on a helper thread, and a connection may go while it does") {
  Bench bench;
  auto settings = bench.settings();
  settings.endpoint.host = "localhost";
  bench.open(settings);
  CHECK(run_until(bench.loop, [&] { return bench.heard.up == 1; }));
  Heard nobody;
  { Connection gone(bench.loop, settings, nobody); }
  settle(bench.loop);
  CHECK(nobody.up + nobody.closed == 0);
}

TEST_CASE("what a node says first decides how a connection ends") {
  const auto outcome = [](const std::string& first) {
    Bench bench;
    bench.node.refuse_with(first);
    bench.open();
    REQUIRE(bench.until_closed());
    CHECK(bench.heard.up == 0);
    return bench.heard.reason;
  };
  CHECK(outcome("-ERR max number of clients reached\r\n") == CloseReason::no_room);
  CHECK(outcome("-DENIED Redis is running in protected mode\r\n") == CloseReason::auth);
  CHECK(outcome("HTTP/1.1 400 Bad Request\r\n\r\n") == CloseReason::protocol);
  CHECK(outcome("+PO") == CloseReason::lost);
}

TEST_CASE("NOAUTH and WRONGPASS keep us out, LOADING and NOPERM do not") {
  const auto outcome = [](const std::string& verb, const std::string& error) -> std::string {
    Bench bench;
    bench.node.answer([&](const auto& args) { return args[0] == verb ? "-" + error + "\r\n" : ""; });
    CredentialsFile login({"app", "secret"});
    auto settings = bench.settings();
    settings.access.credentials = &login;
    bench.open(settings);
    REQUIRE(run_until(bench.loop, [&] { return bench.heard.up + bench.heard.closed == 1; }));
    CHECK(bench.heard.detail.find("secret") == std::string::npos);
    return bench.heard.up ? "up" : std::string(text_of(bench.heard.reason)) + ": " + bench.heard.detail;
  };
  CHECK(outcome("AUTH", "WRONGPASS invalid username-password pair") ==
        "auth: WRONGPASS invalid username-password pair");
  CHECK(outcome("AUTH", "ERR Client sent AUTH, but no password is set") ==
        "auth: ERR Client sent AUTH, but no password is set");
  CHECK(outcome("PING", "NOAUTH Authentication required.") == "auth: NOAUTH Authentication required.");
  CHECK(outcome("PING", "LOADING Redis is loading the dataset in memory") == "up");
  CHECK(outcome("PING", "NOPERM this user has no permissions") == "up");
  CHECK(outcome("CLIENT", "NOPERM this user has no permissions") == "up");
}

TEST_CASE("a node that accepts and says nothing times out") {
  Bench bench;
  bench.node.stall();
  auto settings = bench.settings();
  settings.access.connect_timeout = 50ms;
  bench.open(settings);
  Told told;
  bench.connection->send({"GET", "k"}, told.handler());
  REQUIRE(bench.until_closed());
  CHECK(bench.heard.reason == CloseReason::timeout);
  CHECK(bench.heard.detail == "connected, but no reply within 50 ms");
  REQUIRE(told.all.size() == 1);
  CHECK(told.all[0].first == Fate::unwritten);  // it waited behind the greeting
}

TEST_CASE("a black hole, whose queue of connections is full, times out too") {
  Bench bench;
  bench.node.listener().swallow();
  auto settings = bench.settings();
  settings.access.connect_timeout = 50ms;
  bench.open(settings);
  REQUIRE(bench.until_closed());
  CHECK(bench.heard.reason == CloseReason::timeout);
  CHECK(bench.heard.detail == "no connection within 50 ms");
}

TEST_CASE("after a loss each request hears whether it was written") {
  Bench bench;
  bench.node.answer([](const auto& args) -> std::optional<std::string> {
    if (args[0] == "GET") return std::nullopt;
    return "";
  });
  bench.open_up();
  Told told;
  bench.connection->send({"GET", "1"}, told.handler());
  REQUIRE(run_until(bench.loop, [&] { return bench.node.commands().size() == 1; }));
  bench.connection->send({"GET", "2"}, told.handler());  // never leaves: the reset comes first
  bench.node.reset_clients();
  REQUIRE(bench.until_closed());
  CHECK(bench.heard.reason == CloseReason::lost);
  REQUIRE(told.all.size() == 2);
  CHECK(told.all[0].first == Fate::written);
  CHECK(told.all[1].first == Fate::unwritten);
}

TEST_CASE("a reset in the middle of a reply loses the reply") {
  Bench bench;
  bench.node.answer([](const auto& args) { return args[0] == "GET" ? "$10\r\nhalf" : ""; });
  bench.open_up();
  Told told;
  bench.connection->send({"GET", "1"}, told.handler());
  REQUIRE(run_until(bench.loop, [&] { return bench.node.commands().size() == 1; }));
  settle(bench.loop);
  bench.node.reset_clients();
  REQUIRE(bench.until_closed());
  REQUIRE(told.all.size() == 1);
  CHECK(told.all[0].first == Fate::written);
}

TEST_CASE("an answer to nothing ends the connection") {
  Bench bench;
  bench.open_up();
  bench.node.say("+OK\r\n");
  REQUIRE(bench.until_closed());
  CHECK(bench.heard.reason == CloseReason::protocol);
}

TEST_CASE("a reply longer than allowed ends the connection") {
  Bench bench;
  bench.node.answer([](const auto& args) { return args[0] == "GET" ? "$5000\r\n" + std::string(5000, 'x') : ""; });
  auto settings = bench.settings();
  settings.max_reply_bytes = 4000;
  bench.open(settings);
  Told told;
  bench.connection->send({"GET", "k"}, told.handler());
  REQUIRE(bench.until_closed());
  CHECK(bench.heard.reason == CloseReason::protocol);
  CHECK(bench.heard.detail == "the reply is longer than 4000 bytes");
}

TEST_CASE("a request can be taken back until its first byte has left") {
  Bench bench;
  bench.open_up();
  Told told;
  const auto first = bench.connection->send({"SET", "1"}, told.handler());
  const auto second = bench.connection->send({"SET", "22"}, told.handler());
  const auto third = bench.connection->send({"SET", "333"}, told.handler());
  CHECK(bench.connection->withdraw(second));
  CHECK_FALSE(bench.connection->withdraw(second));
  CHECK_FALSE(bench.connection->withdraw(999));
  REQUIRE(run_until(bench.loop, [&] { return told.all.size() == 2; }));
  CHECK(bench.node.commands() == std::vector<ScriptedRedis::Args>{{"SET", "1"}, {"SET", "333"}});
  CHECK_FALSE(bench.connection->withdraw(first));
  CHECK_FALSE(bench.connection->withdraw(third));
  bench.connection->send({"SET", "4"}, told.handler());
  CHECK(run_until(bench.loop, [&] { return told.all.size() == 3; }));
  CHECK(bench.connection->outstanding() == 0);
}

TEST_CASE("behind a full socket, taking requests back at random leaves exactly the others, in order") {
  Bench bench;
  bench.open_up();
  bench.node.stall();
  const std::string large(10000, 'x');
  Told told;
  std::vector<Connection::RequestId> ids;
  for (int i = 0; i < 2000; ++i)
    ids.push_back(bench.connection->send({"SET", std::to_string(i), large}, told.handler()));
  settle(bench.loop);  // the kernel takes what it can
  std::size_t taken_back = 0;
  for (std::size_t i = 0; i < ids.size(); i += 3) taken_back += bench.connection->withdraw(ids[i]) ? 1U : 0U;
  CHECK(taken_back > 0);
  settle(bench.loop);
  for (std::size_t i = 1; i < ids.size(); i += 3) taken_back += bench.connection->withdraw(ids[i]) ? 1U : 0U;
  bench.node.reset_clients();
  REQUIRE(bench.until_closed());
  CHECK(told.all.size() == ids.size() - taken_back);
  const auto first_unwritten =
      std::find_if(told.all.begin(), told.all.end(), [](const auto& each) { return each.first == Fate::unwritten; });
  CHECK(std::all_of(told.all.begin(), first_unwritten, [](const auto& each) { return each.first == Fate::written; }));
  CHECK(std::all_of(first_unwritten, told.all.end(), [](const auto& each) { return each.first == Fate::unwritten; }));
}

TEST_CASE("requests are withdrawn from behind those that were answered already, and the rest arrives whole") {
  Bench bench;
  bench.open_up();
  bench.node.stall();
  Told told;
  std::vector<Connection::RequestId> ids;
  const std::string value(50'000, 'v');
  for (int i = 0; i < 1000; ++i)
    ids.push_back(bench.connection->send({"SET", std::to_string(i), value}, told.handler()));
  settle(bench.loop);  // until the kernel takes no more, which is less than half
  bench.node.go_on();
  REQUIRE(run_until(bench.loop, [&] { return !told.all.empty(); }));
  std::size_t withdrawn = 0;
  for (const auto id : ids) withdrawn += bench.connection->withdraw(id) ? 1U : 0U;
  CHECK(withdrawn > 0);
  bench.connection->send({"ECHO", "end"}, told.handler());
  REQUIRE(run_until(bench.loop, [&] { return told.all.size() == ids.size() - withdrawn + 1; }));
  CHECK(bench.node.count("SET") == ids.size() - withdrawn);
  CHECK(bench.node.commands().back() == ScriptedRedis::Args{"ECHO", "end"});
  CHECK(bench.heard.closed == 0);
}

TEST_CASE("a megabyte each way passes through a small pipe") {
  Bench bench;
  const std::string large(1 << 20, 'x');
  bench.node.answer([&](const auto& args) {
    return args[0] == "ECHO" ? "$" + std::to_string(args[1].size()) + "\r\n" + args[1] + "\r\n" : "";
  });
  bench.open_up();
  Told told;
  bench.connection->send({"ECHO", large}, told.handler());
  bench.connection->send({"ECHO", "after"}, told.handler());
  REQUIRE(run_until(bench.loop, [&] { return told.all.size() == 2; }));
  CHECK(told.all[0].second.text.size() == large.size());
  CHECK(bench.node.commands()[0][1].size() == large.size());
  CHECK(bench.node.commands()[1][1] == "after");
}

TEST_CASE("a connection may be destroyed from inside any of its callbacks") {
  SECTION("when it comes up") {
    Bench bench;
    bench.heard.when_up = [&] { bench.connection.reset(); };
    bench.open();
    CHECK(run_until(bench.loop, [&] { return !bench.connection; }));
  }
  SECTION("when it ends") {
    Bench bench;
    bench.heard.when_closed = [&] { bench.connection.reset(); };
    bench.node.listener().refuse();
    bench.open();
    CHECK(run_until(bench.loop, [&] { return !bench.connection; }));
  }
  SECTION("by a handler; the others are not called any more") {
    Bench bench;
    bench.open_up();
    Told told;
    bench.connection->send({"GET", "1"}, [&](Fate, Value&&) { bench.connection.reset(); });
    bench.connection->send({"GET", "2"}, told.handler());
    CHECK(run_until(bench.loop, [&] { return !bench.connection; }));
    settle(bench.loop);
    CHECK(told.all.empty());
  }
  SECTION("by a handler that is told of the loss") {
    Bench bench;
    bench.node.answer([](const auto& args) -> std::optional<std::string> {
      return args[0] == "GET" ? std::nullopt : std::optional<std::string>("");
    });
    bench.open_up();
    Told told;
    bench.connection->send({"GET", "1"}, [&](Fate, Value&&) { bench.connection.reset(); });
    bench.connection->send({"GET", "2"}, told.handler());
    REQUIRE(run_until(bench.loop, [&] { return bench.node.commands().size() == 2; }));
    bench.node.reset_clients();
    CHECK(run_until(bench.loop, [&] { return !bench.connection; }));
    CHECK(told.all.empty());
    CHECK(bench.heard.closed == 0);
  }
}

TEST_CASE("a subscriber tells messages from answers") {
  Bench bench;
  bench.node.answer(
      [](const auto& args) { return args[0] == "ssubscribe" ? "*3\r\n$10\r\nssubscribe\r\n$1\r\nc\r\n:1\r\n" : ""; });
  auto settings = bench.settings();
  settings.subscriber = true;
  bench.open(settings);
  Told told;
  bench.connection->send({"ssubscribe", "c"}, told.handler());
  bench.connection->send({"PING"}, told.handler());
  REQUIRE(run_until(bench.loop, [&] { return told.all.size() == 2; }));
  CHECK(told.all[0].second.elements[0].text == "ssubscribe");
  CHECK(told.all[1].second.text == "PONG");
  bench.node.say("*3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n*3\r\n$12\r\nsunsubscribe\r\n$1\r\nc\r\n:0\r\n");
  REQUIRE(run_until(bench.loop, [&] { return bench.heard.pushes.size() == 2; }));
  CHECK(bench.heard.pushes[0].elements[2].text == "hi");
  CHECK(bench.heard.pushes[1].elements[0].text == "sunsubscribe");
}

TEST_CASE("an error answers the subscription it belongs to") {
  Bench bench;
  bench.node.answer([](const auto& args) { return args[0] == "SUBSCRIBE" ? "-NOPERM no\r\n" : ""; });
  auto settings = bench.settings();
  settings.subscriber = true;
  bench.open(settings);
  Told told;
  bench.connection->send({"SUBSCRIBE", "c"}, told.handler());
  REQUIRE(run_until(bench.loop, [&] { return told.all.size() == 1; }));
  CHECK(told.all[0].second.text == "NOPERM no");
}
