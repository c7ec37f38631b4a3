// Nodes a and b; the pub/sub connection goes to the one that the hash picks.
#include "database_bench.hpp"
#include "redis/rendezvous.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

struct PubSub : DatabaseBench {
  std::vector<std::string> messages;
  ScriptedRedis* first = nullptr;  // the hash's first choice
  ScriptedRedis* second = nullptr;

  PubSub() {
    const auto topology = owned_by("a");
    const bool a_first = redis::rendezvous_order(settings.client_name, *topology)[0]->id == NodeId{"a"};
    first = a_first ? &a : &b;
    second = a_first ? &b : &a;
    open();
    apply(topology);
  }
  std::string id(const ScriptedRedis* node) const { return node == &a ? "a" : "b"; }
  void subscribe(const std::string& channel) {
    database->subscribe(
        channel, [this](const std::string& where, const std::string& what) { messages.push_back(where + "=" + what); });
  }
  bool subscribed(const ScriptedRedis* node, std::size_t count = 1) {
    return run_until(loop, [&] { return node->count("SUBSCRIBE") == count; });
  }
};

const std::string message = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n";

}  // namespace

TEST_CASE("messages come from the node that the hash picks") {
  PubSub bench;
  bench.subscribe("c");
  REQUIRE(bench.subscribed(bench.first));
  for (auto* node : {&bench.a, &bench.b}) CHECK((node == bench.first || node->count("SUBSCRIBE") == 0));
  settle(bench.loop);
  CHECK(bench.hearing.interruptions.empty());  // the first time nothing was interrupted
}

TEST_CASE("when the node fails, another is taken at once, and the listener is told after all is subscribed again") {
  PubSub bench;
  bench.subscribe("c");
  bench.subscribe("d");
  REQUIRE(bench.subscribed(bench.first, 2));
  settle(bench.loop);
  bench.first->listener().refuse();
  bench.first->reset_clients();
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.interruptions.size() == 1; }));
  CHECK(bench.second->count("SUBSCRIBE") == 2);
  CHECK(bench.hearing.interruptions[0].node == NodeId{bench.id(bench.second)});
  CHECK(bench.hearing.interruptions[0].channels == std::vector<std::string>{"c", "d"});
  CHECK(bench.hearing.count(HintKind::connection_lost) + bench.hearing.count(HintKind::refused) >= 1);
}

TEST_CASE("a node that is silent though connected is left") {
  PubSub bench;
  bench.subscribe("c");
  REQUIRE(bench.subscribed(bench.first));
  settle(bench.loop);
  bench.first->answer([](const auto&) { return std::nullopt; });
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.interruptions.size() == 1; }));
  CHECK(bench.second->count("SUBSCRIBE") == 1);
  CHECK(bench.hearing.count(HintKind::silent) >= 1);
}

TEST_CASE("when the topology drops the node, the connection moves, and when it gains one, it stays") {
  PubSub bench;
  bench.subscribe("c");
  REQUIRE(bench.subscribed(bench.first));
  settle(bench.loop);
  auto smaller = std::make_shared<Topology>(*bench.owned_by(bench.id(bench.second)));
  std::erase_if(smaller->nodes, [&](const Node& node) { return node.id.value == bench.id(bench.first); });
  bench.apply(smaller);
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.interruptions.size() == 1; }));
  bench.apply(bench.owned_by(bench.id(bench.second)));
  settle(bench.loop);
  CHECK(bench.second->count("SUBSCRIBE") == 1);
  CHECK(bench.hearing.interruptions.size() == 1);
}

TEST_CASE("a message reaches its handler, and none after unsubscribe") {
  PubSub bench;
  bench.subscribe("c");
  REQUIRE(bench.subscribed(bench.first));
  settle(bench.loop);
  bench.second->close_clients();
  // Only the subscriber understands a message; to the connection for calls it is an answer to nothing, and ends it.
  bench.first->say(message);
  REQUIRE(run_until(bench.loop, [&] { return bench.messages.size() == 1; }));
  CHECK(bench.messages[0] == "c=hi");
  bench.database->unsubscribe("c");
  bench.first->say(message);
  settle(bench.loop);
  CHECK(bench.messages.size() == 1);
}

TEST_CASE("a channel that the node refuses is reported in the log and interrupts nothing") {
  PubSub bench;
  bench.a.answer(says("SUBSCRIBE", "-NOPERM no\r\n"));
  bench.b.answer(says("SUBSCRIBE", "-NOPERM no\r\n"));
  bench.subscribe("c");
  REQUIRE(run_until(bench.loop, [&] { return bench.log.contains("subscribe_refused"); }));
  CHECK(bench.log.contains("reason='NOPERM no'"));
  CHECK(bench.hearing.interruptions.empty());
}

TEST_CASE("when all nodes fail, the connection comes back with the first that answers") {
  PubSub bench;
  bench.subscribe("c");
  REQUIRE(bench.subscribed(bench.first));
  settle(bench.loop);
  for (auto* node : {&bench.a, &bench.b}) {
    node->listener().refuse();
    node->reset_clients();
  }
  run_for(bench.loop, 200ms);
  bench.second->listener().listen();
  CHECK(run_until(bench.loop, [&] { return bench.hearing.interruptions.size() == 1; }));
}
