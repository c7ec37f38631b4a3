#include "model/world.hpp"

#include <algorithm>
#include <stdexcept>

namespace dbha::memory {
namespace {

using std::chrono::microseconds;

constexpr Duration fastest_wire = microseconds(100);
constexpr Duration slowest_wire = microseconds(500);
constexpr std::uint16_t first_port = 7000;

}  // namespace

World::World(Clock& clock, ClusterSettings settings) : clock_(clock), settings_(settings), random_(settings.seed) {
  if (settings_.shards == 0 || settings_.partitions < settings_.shards)
    throw std::invalid_argument("a cluster of " + std::to_string(settings_.partitions) + " partitions wants 1 to " +
                                std::to_string(settings_.partitions) + " shards; got " +
                                std::to_string(settings_.shards));
  found();
}

void World::found() {
  const Index shards = settings_.shards;
  const Index all = shards * (settings_.replicas + 1);
  nodes_.resize(std::max<std::size_t>(nodes_.size(), all));
  for (Index i = 0; i < all; ++i)
    found_node(i, i < shards ? Role::primary : Role::replica, i < shards ? nobody : i % shards, {i % shards + 1});
  for (Index i = 0; i < all; ++i) {
    for (Index j = 0; j < all; ++j)
      if (i != j) nodes_[i].picture.nodes[j] = self(j);
    nodes_[i].picture.current_epoch = {shards};
    for (Index s = 0; s < shards; ++s) {
      const auto from = static_cast<std::uint32_t>(std::uint64_t{settings_.partitions} * s / shards);
      const auto until = static_cast<std::uint32_t>(std::uint64_t{settings_.partitions} * (s + 1) / shards);
      nodes_[i].picture.owners.set({{from}, {until - 1}}, s);
    }
  }
  note_truth();
}

/// Another node may have moved there.
Endpoint World::free_endpoint(std::uint16_t port) const {
  while (at({"memory", port})) ++port;
  return {"memory", port};
}

void World::found_node(Index i, Role role, Index primary, Epoch epoch) {
  ClusterNode& n = nodes_[i];
  n.id = {random_.name()};
  n.endpoint = free_endpoint(static_cast<std::uint16_t>(first_port + i));
  n.run_id = {random_.name()};
  n.replid = role == Role::primary ? ReplId{random_.name()} : nodes_[primary].replid;
  n.ok = true;
  n.started = now() - std::chrono::hours(1);
  n.link.up = role == Role::replica;
  if (n.link.up) n.link.contact = now();
  Known& me = n.picture.nodes[i];
  me.role = role;
  me.primary = primary;
  me.epoch = epoch;
  me.heard = now();
  begin_ticks(i, random_.between(Duration(0), std::chrono::milliseconds(100)));
}

Index World::checked(std::size_t number) const {
  if (number < nodes_.size()) return static_cast<Index>(number);
  throw std::invalid_argument("there is no node " + std::to_string(number) + "; they are 0 to " +
                              std::to_string(nodes_.size() - 1));
}

Index World::running(std::size_t number, const char* verb) const {
  const Index i = checked(number);
  if (nodes_[i].state == NodeState::running) return i;
  throw std::invalid_argument(std::string(verb) + " wants a running node; node " + std::to_string(number) + " is " +
                              (nodes_[i].state == NodeState::down ? "down" : "stopped"));
}

void World::send(Index from, Index to, Task receive) {
  Known* known = nodes_[from].picture.find(to);
  if (!known || !reaches(from, to)) return;
  known->news_from = std::max(known->news_from, now() + random_.between(fastest_wire, slowest_wire));
  after(known->news_from - now(), [this, from, to, era = era_, receive = std::move(receive)]() mutable {
    if (era == era_) arrive(from, to, std::move(receive));
  });
}

void World::arrive(Index from, Index to, Task receive) {
  ClusterNode& n = nodes_[to];
  if (n.state == NodeState::down || !reaches(from, to)) return;
  if (n.state == NodeState::stopped) {
    n.inbox.push_back(std::move(receive));
  } else {
    receive();
  }
}

void World::note_truth(TrueChange::Kind how) {
  auto next = holders(nodes_, holders_);
  for (auto& change : changes_between(nodes_, holders_, next, how, now())) changes_.push_back(std::move(change));
  holders_ = std::move(next);
}

}  // namespace dbha::memory
