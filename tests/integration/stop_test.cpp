// SIGSTOP to a primary: it still accepts connections, answers nothing, and when it wakes it takes itself for the owner.

#include <future>

#include "backends.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// Answered by the woken node or by nobody: the deadline must outlive the failover and the waking.
constexpr auto held_deadline = 60s;

/// A write that must not be repeated: like an INCR it would count twice.
std::future<Result> set_once(Controller& controller, const std::string& key, const std::string& value) {
  Call call;
  call.key = key;
  call.args = {"SET", key, value};
  call.deadline = held_deadline;
  return controller.call(std::move(call));
}

/// The woken node acknowledges what waited in its socket, and then throws it away. Only what the new owner has is a
/// success.
void check_honest(const Result& result, lab::Cluster& cluster, const std::string& key, const std::string& value) {
  INFO("outcome " << static_cast<int>(result.outcome) << ", from port " << result.node.port << ": " << result.value.text
                  << ' ' << result.detail);
  if (result.outcome == Outcome::outcome_unknown) return;
  REQUIRE(result.ok());
  const auto owner = cluster.primary_of(lab::slot_of(key));
  CHECK(result.node.port == cluster.node(owner).port);
  CHECK(cluster.value_at(owner, key) == value);
}

}  // namespace

TEMPLATE_TEST_CASE("a stopped primary is replaced, and when it wakes nobody believes it", "", OnRedis, OnMemory) {
  auto cluster = TestType::cluster();  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 1, .embedded = 2});
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  fleet.check_routing();
  fleet.check_restarts({start_line});

  cluster.stop(0);
  const auto key = lab::key_in(0, 5460, 3);
  auto held = set_once(*fleet.app(0), key, "held");  // written to the stopped node's socket
  const auto stop = failover_line(shards[0], id(0), id(3));
  fleet.wait_for_owner(0, 3);
  fleet.check_routing();
  fleet.check_restarts({start_line, stop});

  cluster.resume(0);
  REQUIRE(held.wait_for(patience) == std::future_status::ready);
  check_honest(held.get(), cluster, key, "held");
  fleet.wait_for("the woken node to be a replica", [&](const Topology& topology) {
    const Node* woken = topology.node({id(0)});
    return woken && woken->role == Role::replica && woken->primary.value == id(3);
  });
  fleet.check_routing();

  // Told of the next change right after the one before the waking: so of the waking nobody was told.
  cluster.wait_ready();
  cluster.failover(4);
  fleet.wait_for_owner(5461, 4);
  fleet.check_routing();
  fleet.check_restarts({start_line, stop, failover_line(shards[1], id(1), id(4))});
}
