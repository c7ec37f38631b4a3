#include "bench.hpp"
#include "memory/rendezvous.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

struct Subscribed : Bench {
  std::vector<std::string> messages;

  Subscribed() {
    database->subscribe("c", [this](const std::string& channel, const std::string& message) {
      messages.push_back(channel + " " + message);
    });
  }
  /// Publishes until one message has come: the subscription stands.
  bool hears(const std::string& message) {
    const auto before = messages.size();
    return until([&] {
      call({"PUBLISH", "c", message});
      return until([&] { return messages.size() > before; }, 20ms);
    });
  }
  std::size_t node_of(const NodeId& wanted) {
    return in_cluster([&](memory::Cluster& c) {
      std::size_t i = 0;
      while (c.id(i) != wanted) ++i;
      return i;
    });
  }
  /// The node that the messages come from.
  std::size_t chosen() {
    const auto now = topology();
    return node_of(memory::rendezvous_order("test", *now).front()->id);
  }
};

}  // namespace

TEST_CASE("a message that anybody publishes comes once", "[sanitize]") {
  Subscribed b;
  REQUIRE(b.hears("m"));
  CHECK(b.messages == std::vector<std::string>{"c m"});
  b.database->unsubscribe("c");
  b.call({"PUBLISH", "c", "n"});
  b.pass(30ms);
  CHECK(b.messages.size() == 1);
}

TEST_CASE("when the node dies another one is taken at once, and the listener is told once it stands", "[sanitize]") {
  Subscribed b;
  REQUIRE(b.hears("m"));
  const std::size_t node = b.chosen();
  b.kill(node);
  REQUIRE(b.until([&] { return !b.hearing.interruptions.empty(); }, 500ms));
  CHECK(b.hearing.interruptions[0].node != b.id(node));
  CHECK(b.hearing.interruptions[0].channels == std::vector<std::string>{"c"});
  CHECK(b.hears("again"));
  CHECK(b.hearing.interruptions.size() == 1);
}

TEST_CASE("a node that falls silent is left after three missed probes") {
  Subscribed b;
  REQUIRE(b.hears("m"));
  const std::size_t node = b.chosen();
  b.in_cluster([node](memory::Cluster& c) { c.stop(node); });
  REQUIRE(b.until([&] { return !b.hearing.interruptions.empty(); }, 3s));
  CHECK(b.hearing.interruptions[0].node != b.id(node));
}

TEST_CASE("no interruption is told without a subscription") {
  Bench b;
  for (std::size_t i = 0; i < 6; ++i) b.kill(i);
  b.in_cluster([](memory::Cluster& c) {
    for (std::size_t i = 0; i < 6; ++i) c.start(i);
  });
  b.pass(500ms);
  CHECK(b.hearing.interruptions.empty());
}

TEST_CASE("a fleet spreads over the nodes, and only those of a node that goes move") {
  Topology all = three_shards();
  Topology without = all;
  std::erase_if(without.nodes, [](const Node& n) { return n.id.value == "r2"; });
  std::map<std::string, int> users;
  for (int i = 0; i < 600; ++i) {
    const auto client = "compute-" + std::to_string(i);
    const auto first = memory::rendezvous_order(client, all).front()->id;
    ++users[first.value];
    if (first.value != "r2") CHECK(memory::rendezvous_order(client, without).front()->id == first);
  }
  CHECK(users.size() == 6);
  for (const auto& [id, count] : users) CHECK(count > 60);
}
