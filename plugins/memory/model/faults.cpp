/// What befalls the nodes' processes and the network between them.

#include <stdexcept>

#include "model/world.hpp"

namespace dbha::memory {
namespace {

using std::chrono::milliseconds;

constexpr Duration tick_spread = milliseconds(100);
/// A process that wakes up serves the clients whose words wait before it hears of the other nodes: the moment in which
/// a primary that was replaced long ago accepts writes.
constexpr Duration first_news_least = milliseconds(1);
constexpr Duration first_news_most = milliseconds(30);

}  // namespace

void World::kill(std::size_t number) {
  const Index i = checked(number);
  ClusterNode& n = nodes_[i];
  if (n.state == NodeState::down)
    throw std::invalid_argument("kill wants a node that lives; node " + std::to_string(number) + " is down");
  drop_link(i);
  drop_replicas_of(i);
  n.state = NodeState::down;
  n.data.clear();
  n.inbox.clear();
  n.paused_until.reset();
  lose(std::exchange(n.asked, {}));
  lose(std::exchange(n.held, {}));
  observers_lost(i);
  for (Index other = 0; other < nodes_.size(); ++other) {  // their links break, so they ask at once
    Known* known = nodes_[other].picture.find(i);
    if (other != i && known && reaches(other, i) && !known->pinged) known->pinged = now();
  }
}

void World::start(std::size_t number) {
  const Index i = checked(number);
  ClusterNode& n = nodes_[i];
  if (n.state != NodeState::down || n.removed)
    throw std::invalid_argument("start wants a node that is down and a member; node " + std::to_string(number) +
                                (n.removed ? " was removed" : " is not down"));
  n.state = NodeState::running;
  ++n.life;
  n.run_id = {random_.name()};
  n.replid = {random_.name()};
  n.previous_replid = {};
  n.offset = 0;
  n.previous_offset = -1;
  n.ok = false;
  n.started = now();
  n.minority.reset();
  n.election.reset();
  n.ordered.reset();
  n.leaving = {};
  n.link.contact.reset();
  n.link.next_try = now();
  for (auto& [other, known] : n.picture.nodes) {
    known.heard = now();
    known.pinged.reset();
    known.suspected_by.clear();
  }
  note_truth();
  begin_ticks(i, random_.between(Duration(0), tick_spread));
}

void World::stop(std::size_t number) {
  const Index i = running(number, "stop");
  nodes_[i].state = NodeState::stopped;
}

void World::resume(std::size_t number) {
  const Index i = checked(number);
  ClusterNode& n = nodes_[i];
  if (n.state != NodeState::stopped)
    throw std::invalid_argument("resume wants a stopped node; node " + std::to_string(number) + " is " +
                                (n.state == NodeState::down ? "down" : "running"));
  n.state = NodeState::running;
  for (const Request& request : std::exchange(n.asked, {})) take_request(request);
  const Duration first_news = random_.between(first_news_least, first_news_most);
  for (auto& message : std::exchange(n.inbox, {}))
    after(first_news, [this, i, life = n.life, message = std::move(message)] {
      if (nodes_[i].state == NodeState::running && nodes_[i].life == life) message();
    });
  begin_ticks(i, first_news + random_.between(Duration(1), tick_spread));
}

void World::restart_in_place(std::size_t number, Duration down_for) {
  const Index i = running(number, "restart");
  kill(i);
  after(down_for, [this, i, life = nodes_[i].life] {
    if (nodes_[i].state == NodeState::down && nodes_[i].life == life && !nodes_[i].removed) start(i);
  });
}

void World::isolate(const std::set<std::size_t>& nodes) {
  std::set<Index> cut_off;
  for (const std::size_t number : nodes) cut_off.insert(checked(number));
  cut_off_ = std::move(cut_off);
  for (Index i = 0; i < nodes_.size(); ++i) {
    const ReplicationLink& link = nodes_[i].link;
    if ((link.up || link.syncing) && !reaches(i, self(i).primary)) drop_link(i);
  }
}

void World::freeze_view(std::size_t number) {
  const Index i = checked(number);
  nodes_[i].frozen = view(i);
}

void World::thaw_view(std::size_t number) {
  nodes_[checked(number)].frozen.reset();
}

}  // namespace dbha::memory
