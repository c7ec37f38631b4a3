/// CLUSTER FAILOVER, sent to a replica. Without a word: the primary holds its writers until the replica has all of
/// them, so that none is lost. FORCE: as if the primary were known to be dead. TAKEOVER: not even the votes are asked
/// for.

#include <stdexcept>

#include "model/world.hpp"

namespace dbha::memory {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration ordered_patience = seconds(5);
constexpr Duration ask_again = milliseconds(1);

}  // namespace

void World::failover(std::size_t number, FailoverMode mode) {
  const Index i = running(number, "failover");
  ClusterNode& n = nodes_[i];
  if (self(i).role != Role::replica)
    throw std::invalid_argument("failover wants a replica; node " + std::to_string(number) + " is a primary");
  const Index primary = self(i).primary;
  const Known* known = n.picture.find(primary);
  const bool gone = !known || known->failed || nodes_[primary].state == NodeState::down || !n.link.up;
  if (mode == FailoverMode::graceful && gone)
    throw std::invalid_argument("a graceful failover wants a primary that its replica is connected to; that of node " +
                                std::to_string(number) + " is not: use force or takeover");
  n.election.reset();
  n.ordered = OrderedFailover{mode, now() + ordered_patience, mode != FailoverMode::graceful};
  if (mode == FailoverMode::graceful) return begin_graceful(i);
  if (mode == FailoverMode::force) return consider_election(i);
  n.picture.current_epoch = {n.picture.greatest_epoch().value + 1};
  promote(i, n.picture.current_epoch);
}

void World::begin_graceful(Index i) {
  const Index primary = self(i).primary;
  send(i, primary, [this, i, primary] {
    if (self(primary).role != Role::primary) return;
    nodes_[primary].paused_until = now() + 2 * ordered_patience;
    after(2 * ordered_patience, [this, primary] {
      const auto until = nodes_[primary].paused_until;
      if (until && now() >= *until) end_pause(primary);
    });
    send(primary, i, [this, i, offset = nodes_[primary].offset] { catch_up(i, offset); });
  });
}

void World::catch_up(Index i, std::int64_t offset) {
  ClusterNode& n = nodes_[i];
  if (n.state != NodeState::running || !n.ordered || now() > n.ordered->until) return;
  if (n.offset < offset) return after(ask_again, [this, i, offset] { catch_up(i, offset); });
  n.ordered->ready = true;
  consider_election(i);
}

void World::end_ordered(Index i) {
  nodes_[i].ordered.reset();
  nodes_[i].election.reset();
}

void World::end_pause(Index i) {
  nodes_[i].paused_until.reset();
  for (const Request& call : std::exchange(nodes_[i].held, {})) call.serve();
}

}  // namespace dbha::memory
