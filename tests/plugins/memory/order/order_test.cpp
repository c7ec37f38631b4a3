#include "memory/order.hpp"

#include <nlohmann/json.hpp>

#include "plugins/memory/model/stage.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

struct Ordered : Stage {
  std::map<std::string, std::uint64_t> asked;

  Value order(std::vector<std::string> words) {
    words.insert(words.begin(), "MEMORY");
    return memory::carry_out(words, cluster, asked);
  }
  std::string text(std::vector<std::string> words) { return order(std::move(words)).text; }
};

}  // namespace

TEST_CASE("each order does to the cluster what it says") {
  Ordered o;
  CHECK(o.text({"KILL", "5"}) == "OK");
  CHECK(o.cluster.state(5) == NodeState::down);
  CHECK(o.text({"start", "5"}) == "OK");
  CHECK(o.cluster.state(5) == NodeState::running);
  CHECK(o.text({"STOP", "1"}) == "OK");
  CHECK(o.cluster.state(1) == NodeState::stopped);
  CHECK(o.text({"RESUME", "1"}) == "OK");
  CHECK(o.cluster.state(1) == NodeState::running);
  CHECK(o.text({"RESTART", "1"}) == "OK");
  CHECK(o.cluster.state(1) == NodeState::down);
  o.pass(1s);
  CHECK(o.cluster.state(1) == NodeState::running);
  CHECK(o.text({"FAILOVER", "3", "takeover"}) == "OK");
  CHECK(o.cluster.promoted(3));
  o.pass(5s);
  CHECK(o.text({"FAILOVER", "0", "FORCE"}) == "OK");
  o.pass(1s);
  CHECK(o.cluster.promoted(0));
  CHECK(o.text({"FAILOVER", "3"}) == "OK");
  o.pass(5s);
  CHECK(o.cluster.promoted(3));
  CHECK(o.text({"MOVE", "0", "9", "3", "1"}) == "OK");
  CHECK(o.cluster.owner({9}) == 1);
  o.pass(1s);
  CHECK(o.order({"OWNER", "9"}).integer == 1);
  CHECK(o.order({"AGREED"}).integer == 1);
  CHECK(o.order({"ADD"}).integer == 6);
  CHECK(o.text({"REPLICATE", "6", "2"}) == "OK");
  CHECK(o.cluster.primary_of(6) == 2);
  CHECK(o.text({"REMOVE", "6"}) == "OK");
  CHECK(o.cluster.removed(6));
}

TEST_CASE("walls and cuts take any number of nodes, and none takes them away") {
  Ordered o;
  CHECK(o.text({"ISOLATE", "0", "3"}) == "OK");
  o.pass(5s);
  CHECK(!o.view(0)->ok);
  CHECK(o.text({"ISOLATE"}) == "OK");
  CHECK(o.eventually([&] { return o.cluster.agreed(); }));
  CHECK(o.text({"HIDE", "2"}) == "OK");
  CHECK(o.call(2, {"PING"}) == "silent");
  CHECK(o.text({"HIDE"}) == "OK");
  CHECK(o.call(2, {"PING"}) == "PONG");
}

TEST_CASE("a frozen node hands out its map until it is thawed") {
  Ordered o;
  CHECK(o.text({"FREEZE", "1"}) == "OK");
  o.cluster.failover(3);
  o.pass(1s);
  CHECK(o.report(1, 3).role == Role::replica);
  CHECK(o.text({"THAW", "1"}) == "OK");
  CHECK(o.report(1, 3).role == Role::primary);
}

TEST_CASE("an outage takes all nodes, whatever state they are in, and recovery brings all back") {
  Ordered o;
  o.cluster.stop(1);
  o.cluster.kill(2);
  CHECK(o.text({"OUTAGE"}) == "OK");
  for (std::size_t i = 0; i < 6; ++i) CHECK(o.cluster.state(i) == NodeState::down);
  CHECK(o.text({"RECOVER"}) == "OK");
  CHECK(o.eventually([&] { return o.cluster.agreed(); }));
}

TEST_CASE("NODES and ASKED are JSON") {
  Ordered o;
  o.cluster.stop(4);
  const auto nodes = nlohmann::json::parse(o.text({"NODES"}));
  REQUIRE(nodes.size() == 6);
  CHECK(nodes[1]["index"] == 1);
  CHECK(nodes[1]["id"] == o.cluster.id(1).value);
  CHECK(nodes[1]["host"] == o.cluster.endpoint(1).host);
  CHECK(nodes[1]["port"] == o.cluster.endpoint(1).port);
  CHECK(nodes[1]["state"] == "running");
  CHECK(nodes[1]["role"] == "primary");
  CHECK(nodes[1]["primary"].is_null());
  CHECK(nodes[1]["run_id"] == o.cluster.run_id(1).value);
  CHECK(nodes[1]["owns"] == nlohmann::json::parse("[[100, 199]]"));
  CHECK(nodes[1]["promoted"] == true);
  CHECK(nodes[4]["state"] == "stopped");
  CHECK(nodes[4]["primary"] == 1);
  CHECK(nodes[4]["owns"].empty());
  CHECK(nodes[4]["promoted"] == false);
  o.asked["a \"quoted\"\n\\name"] = 7;
  CHECK(nlohmann::json::parse(o.text({"ASKED"}))["a \"quoted\"\n\\name"] == 7);
}

TEST_CASE("VALUE and OWNER say what is held, or nil") {
  Ordered o;
  REQUIRE(o.Stage::call(0, {"SET", o.key(), "v"}) == "OK");
  CHECK(o.text({"VALUE", "0", o.key()}) == "v");
  CHECK(o.order({"VALUE", "1", o.key()}).kind == Value::Kind::nil);
  o.cluster.del_partitions(range(0, 9));
  CHECK(o.order({"OWNER", "0"}).kind == Value::Kind::nil);
}

TEST_CASE("a malformed order does nothing and says what is right") {
  Ordered o;
  const auto refused = [&](std::vector<std::string> words) {
    const Value value = o.order(std::move(words));
    return value.kind == Value::Kind::error ? value.text : "accepted";
  };
  CHECK(refused({"KILL"}) == "ERR MEMORY KILL wants a node number, 0 to 5; got nothing");
  CHECK(refused({"kill", "x"}) == "ERR MEMORY KILL wants a node number, 0 to 5; got 'x'");
  CHECK(refused({"KILL", "-1"}) == "ERR MEMORY KILL wants a node number, 0 to 5; got '-1'");
  CHECK(refused({"KILL", "6"}) == "ERR MEMORY KILL wants a node number, 0 to 5; got '6'");
  CHECK(refused({"KILL", "0", "1"}) == "ERR MEMORY KILL wants no more words; got '1'");
  CHECK(refused({"FAILOVER", "3", "GENTLY"}) ==
        "ERR MEMORY FAILOVER wants FORCE, TAKEOVER or nothing after the node; got 'GENTLY'");
  CHECK(refused({"MOVE", "0", "300", "0", "1"}) == "ERR MEMORY MOVE wants a partition, 0 to 299; got '300'");
  CHECK(refused({"VALUE", "0"}) == "ERR MEMORY VALUE wants a key after the node; got nothing");
  CHECK(refused({"ISOLATE", "0", "7"}) == "ERR MEMORY ISOLATE wants a node number, 0 to 5; got '7'");
  CHECK(refused({"RESUME", "0"}) == "ERR resume wants a stopped node; node 0 is running");
  CHECK(refused({}) ==
        "ERR MEMORY wants one of KILL, START, STOP, RESUME, RESTART, FAILOVER, MOVE, ISOLATE, HIDE, FREEZE, THAW, ADD, "
        "REPLICATE, REMOVE, OUTAGE, RECOVER, NODES, OWNER, VALUE, AGREED, ASKED; got nothing");
  CHECK(refused({"BURN"}).ends_with("ASKED; got 'BURN'"));
  for (std::size_t i = 0; i < 6; ++i) CHECK(o.cluster.state(i) == NodeState::running);
  CHECK(o.cluster.agreed());
}
