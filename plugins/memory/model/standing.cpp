/// How things truly stand, for tests and for people.

#include "model/key_hash.hpp"
#include "model/world.hpp"

namespace dbha::memory {

Partition World::partition_of(std::string_view key) const {
  return partition_of_key(key, settings_.partitions);
}

std::optional<std::size_t> World::owner(Partition partition) const {
  std::optional<Index> best;
  for (Index i = 0; i < nodes_.size(); ++i) {
    const Index* claimed = nodes_[i].picture.owners.find(partition);
    if (nodes_[i].state != NodeState::running || nodes_[i].removed || !claimed || *claimed != i) continue;
    const auto order = [&](Index j) { return self(j).epoch; };
    if (!best || order(i) > order(*best) || (order(i) == order(*best) && nodes_[i].id < nodes_[*best].id)) best = i;
  }
  return best;
}

bool World::in_sync(std::size_t replica) const {
  const Index i = checked(replica);
  if (self(i).role != Role::replica || !nodes_[i].link.up) return false;
  const ClusterNode& primary = nodes_[self(i).primary];
  return primary.replid == nodes_[i].replid && primary.offset == nodes_[i].offset;
}

bool World::promoted(std::size_t number) const {
  const Index i = checked(number);
  return self(i).role == Role::primary && nodes_[i].picture.owns(i);
}

/// As far as clients can tell: the same owners, and of all nodes that run the same role, primary and health.
bool World::same_picture(Index a, Index b) const {
  if (nodes_[a].picture.owners != nodes_[b].picture.owners) return false;
  for (Index i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].state != NodeState::running || nodes_[i].removed || !reaches(a, i)) continue;
    const Known* in_a = nodes_[a].picture.find(i);
    const Known* in_b = nodes_[b].picture.find(i);
    if (!in_a || !in_b || in_a->role != in_b->role || in_a->primary != in_b->primary) return false;
    if (in_a->failing() || in_b->failing()) return false;
    if (in_a->role == Role::primary && in_a->epoch != in_b->epoch) return false;
  }
  return true;
}

bool World::agreed() const {
  for (Index i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].state != NodeState::running || nodes_[i].removed) continue;
    if (!nodes_[i].ok || !nodes_[i].leaving.empty()) return false;
    if (self(i).role == Role::replica && !in_sync(i)) return false;
    for (Index j = 0; j < i; ++j)
      if (nodes_[j].state == NodeState::running && !nodes_[j].removed && reaches(i, j) && !same_picture(i, j))
        return false;
  }
  return true;
}

std::optional<std::string> World::value_at(std::size_t number, const std::string& key) const {
  const ClusterNode& n = node(number);
  const auto at = n.data.find({partition_of(key), key});
  return at != n.data.end() ? std::optional(at->second) : std::nullopt;
}

}  // namespace dbha::memory
