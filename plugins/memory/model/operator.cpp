/// What an operator does to nodes by commands that ask nobody, and to a whole cluster.

#include <stdexcept>

#include "model/world.hpp"

namespace dbha::memory {

void World::raise_epoch(std::size_t number) {
  const Index i = running(number, "raise_epoch");
  if (self(i).role != Role::primary)
    throw std::invalid_argument("raise_epoch wants a primary; node " + std::to_string(number) + " is a replica");
  bump_epoch(i);
  note_truth();
  tell_all(i);
}

/// Those that follow it would be lost with it, so there must be none.
void World::disown(std::size_t number) {
  const Index i = running(number, "disown");
  for (Index r = 0; r < nodes_.size(); ++r)
    if (r != i && !nodes_[r].removed && self(r).role == Role::replica && self(r).primary == i)
      throw std::invalid_argument("disown wants a node that nobody follows; node " + std::to_string(r) +
                                  " follows node " + std::to_string(number));
  be_forgotten(i);
  note_truth();
}

void World::reset(std::size_t number) {
  const Index i = running(number, "reset");
  ClusterNode& n = nodes_[i];
  if (self(i).role != Role::replica)
    throw std::invalid_argument("reset wants a replica; node " + std::to_string(number) + " is a primary");
  drop_link(i);
  n.data.clear();
  n.election.reset();
  n.ordered.reset();
  n.replid = {random_.name()};
  n.previous_replid = {};
  n.offset = 0;
  n.previous_offset = -1;
  Known& me = self(i);
  me.role = Role::primary;
  me.primary = nobody;
  me.epoch = {};
  changed(i);
  tell_all(i);
}

void World::readdress(std::size_t number) {
  const Index i = checked(number);
  if (nodes_[i].state != NodeState::down)
    throw std::invalid_argument("readdress wants a node that is down; node " + std::to_string(number) + " is not");
  nodes_[i].endpoint = free_endpoint(nodes_[i].endpoint.port);
  for (Index other = 0; other < nodes_.size(); ++other) changed(other);
}

void World::rebuild() {
  for (Index i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].state != NodeState::down) kill(i);
    ClusterNode fresh;
    fresh.id = nodes_[i].id;
    fresh.endpoint = nodes_[i].endpoint;
    fresh.version = nodes_[i].version + 1;
    fresh.life = nodes_[i].life + 1;
    fresh.rhythm = nodes_[i].rhythm + 1;
    fresh.link.number = nodes_[i].link.number + 1;
    fresh.state = NodeState::down;
    fresh.removed = true;
    fresh.picture.nodes[i] = {};
    nodes_[i] = std::move(fresh);
  }
  ++era_;
  const std::size_t all = settings_.shards * (settings_.replicas + 1);
  for (Index i = 0; i < nodes_.size(); ++i) {
    nodes_[i].removed = i >= all;
    nodes_[i].state = i < all ? NodeState::running : NodeState::down;
  }
  found();
}

}  // namespace dbha::memory
