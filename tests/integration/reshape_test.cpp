// The cluster gets another shape while all its nodes live: nothing is lost, so nobody is told of a loss.

#include <sstream>

#include "backends.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// Whether app-1 holds a connection for calls to the node; the one for pub/sub may be anywhere.
bool connected(const lab::RedisCluster& cluster, std::size_t node) {
  std::istringstream clients(cluster.client(node).demand({"CLIENT", "LIST"}).text);
  for (std::string line; std::getline(clients, line);)
    if (line.find(" name=app-1 ") != std::string::npos && line.find(" sub=0 ") != std::string::npos) return true;
  return false;
}

void wait_for_client(const lab::RedisCluster& cluster, std::size_t node, bool wanted) {
  INFO("expected app-1" << (wanted ? " to be" : " not to be") << " connected to node " << node);
  REQUIRE(lab::wait_until(
      patience, [&] { return connected(cluster, node) == wanted; }, 20ms));
}

/// What only Redis can be asked.
template <class Database>
void wait_for_connection(const Database& cluster, std::size_t node, bool wanted) {
  if constexpr (std::is_same_v<Database, lab::RedisCluster>) wait_for_client(cluster, node, wanted);
}

/// Makes the connection for pub/sub known as such.
Subscription listen(RecordedController& app) {
  return app->listen("channel", [](const std::string&, const std::string&) {});
}

auto has_role(const std::string& id, Role role) {
  return [id = NodeId{id}, role](const Topology& topology) {
    const Node* node = topology.node(id);
    return node && node->role == role;
  };
}

auto without(const std::string& id) {
  return [id = NodeId{id}](const Topology& topology) { return topology.node(id) == nullptr; };
}

auto owns(const std::string& id, int first, int last) {
  return [=](const Topology& topology) {
    for (int slot = first; slot <= last; ++slot) {
      const Node* owner = topology.owner({static_cast<std::uint32_t>(slot)});
      if (!owner || owner->id.value != id) return false;
    }
    return true;
  };
}

/// Keys in each of those slots, which must be found again wherever the slots go.
class Keys {
 public:
  Keys(Controller& controller, int first, int last) : controller_(controller) {
    for (int slot = first; slot <= last; ++slot) keys_.push_back(lab::key_in(slot, slot, 1));  // others use 0 and 7
    for (const auto& key : keys_) REQUIRE(run({"SET", key, "of " + key}).ok());
  }

  void check() {
    for (const auto& key : keys_) {
      const auto read = run({"GET", key});
      INFO(key << ": " << read.value.text << ' ' << read.detail);
      REQUIRE(read.ok());
      CHECK(read.value.text == "of " + key);
    }
  }

 private:
  Result run(std::vector<std::string> args) {
    Call call;
    call.key = args.at(1);
    call.args = std::move(args);
    call.repeatable = true;
    return controller_.call(std::move(call)).get();
  }

  Controller& controller_;
  std::vector<std::string> keys_;
};

}  // namespace

TEMPLATE_TEST_CASE("a hundred slots move between living primaries: routes follow, and there is no dbrestart", "",
                   OnRedis, OnMemory) {
  auto cluster = TestType::cluster();  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 1, .embedded = 2});
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  Keys keys(*fleet.app(0), 0, 99);
  fleet.check_restarts({start_line});

  cluster.migrate_slots(0, 99, 0, 1);
  fleet.wait_for("the slots to have moved", owns(id(1), 0, 99));
  fleet.wait_for("the others to have stayed", owns(id(0), 100, 5460));
  fleet.check_routing();
  keys.check();

  // Told of the next change right after the start: so of the reshard nobody was told.
  cluster.wait_ready();
  cluster.failover(5);
  fleet.wait_for_owner(10922, 5);
  fleet.check_routing();
  fleet.check_restarts({start_line, failover_line(shards[2], id(2), id(5))});
}

TEMPLATE_TEST_CASE("members come and go: the topology follows, and there is no dbrestart but for the failover", "",
                   OnRedis, OnMemory) {
  auto cluster = TestType::cluster();  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 1, .embedded = 1});
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  const auto listening = listen(fleet.app(0));
  fleet.check_restarts({start_line});

  const auto replica = cluster.add_node();
  fleet.wait_for("the new node to be a primary without slots", has_role(id(replica), Role::primary));
  cluster.replicate(replica, 0);
  fleet.wait_for("the new node to be a replica", has_role(id(replica), Role::replica));
  const auto empty = cluster.add_node();
  fleet.wait_for("the next one to be a primary without slots", has_role(id(empty), Role::primary));
  fleet.check_routing();
  wait_for_connection(cluster, empty, false);  // no call could need it
  wait_for_connection(cluster, replica, false);
  cluster.remove_node(empty);
  fleet.wait_for("the empty primary to be gone", without(id(empty)));
  fleet.check_routing();

  // The new node takes the shard over, and the old one is taken away.
  cluster.failover(replica);
  fleet.wait_for_owner(0, replica);
  wait_for_connection(cluster, replica, true);
  wait_for_connection(cluster, 0, false);
  const auto replaced = failover_line(shards[0], id(0), id(replica));
  fleet.check_restarts({start_line, replaced});
  cluster.wait_ready();
  cluster.remove_node(0);
  fleet.wait_for("the old primary to be gone", without(id(0)));
  fleet.check_routing();

  cluster.wait_ready();
  cluster.failover(4);
  fleet.wait_for_owner(5461, 4);
  fleet.check_routing();
  fleet.check_restarts({start_line, replaced, failover_line(shards[1], id(1), id(4))});
}

TEMPLATE_TEST_CASE("a primary is added, gets slots, gives them back and is removed, and there is no dbrestart", "",
                   OnRedis, OnMemory) {
  auto cluster = TestType::cluster();  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 1, .embedded = 1});
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  const auto listening = listen(fleet.app(0));
  Keys keys(*fleet.app(0), 0, 19);
  const auto added = cluster.add_node();
  cluster.wait_ready();
  fleet.wait_for("the new primary", has_role(id(added), Role::primary));

  cluster.migrate_slots(0, 19, 0, added);
  fleet.wait_for("the slots to have moved", owns(id(added), 0, 19));
  fleet.check_routing();
  keys.check();
  wait_for_connection(cluster, added, true);

  cluster.wait_ready();
  cluster.migrate_slots(0, 19, added, 0);
  fleet.wait_for("the slots to be back", owns(id(0), 0, 19));
  fleet.check_routing();
  keys.check();
  wait_for_connection(cluster, added, false);

  cluster.wait_ready();
  cluster.remove_node(added);
  fleet.wait_for("the node to be gone", without(id(added)));
  fleet.check_routing();
  cluster.wait_ready();
  cluster.failover(4);
  fleet.wait_for_owner(5461, 4);
  fleet.check_restarts({start_line, failover_line(shards[1], id(1), id(4))});
}
