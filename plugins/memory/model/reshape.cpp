/// What an operator does to the shape of the cluster: partitions move, nodes come and go.

#include <algorithm>
#include <stdexcept>

#include "model/world.hpp"

namespace dbha::memory {
namespace {

using std::chrono::milliseconds;

constexpr Duration release_most = milliseconds(5);  // the old owner is told after the new one
constexpr Duration news_least = milliseconds(1);
constexpr Duration news_most = milliseconds(45);

std::string text_of(PartitionRange range) {
  return std::to_string(range.first.value) + " to " + std::to_string(range.last.value);
}

}  // namespace

// ---- Moving partitions

bool World::can_move(PartitionRange range, Index from, Index to) const {
  const auto lives = [&](Index i) {
    return nodes_[i].state == NodeState::running && self(i).role == Role::primary && !nodes_[i].removed;
  };
  return lives(from) && lives(to) && reaches(from, to) && nodes_[to].picture.find(from) &&
         intersection(nodes_[from].picture.owned_by(from), set_of(range)) == set_of(range) &&
         intersection(nodes_[to].picture.owned_by(from), set_of(range)) == set_of(range);
}

void World::move(PartitionRange range, std::size_t from, std::size_t to, Duration pace) {
  const Index giver = running(from, "move");
  const Index taker = running(to, "move");
  if (range.first > range.last || giver == taker || !can_move(range, giver, taker))
    throw std::invalid_argument("move wants partitions of a primary and another primary that agree on who owns them; " +
                                text_of(range) + " are not node " + std::to_string(from) + "'s to give to node " +
                                std::to_string(to));
  if (pace == Duration(0)) return move_at_once(range, giver, taker);
  move_on(range, giver, taker, pace);
}

/// One partition now, the others later, as long as both live.
void World::move_on(PartitionRange range, Index from, Index to, Duration pace) {
  const PartitionRange first{range.first, range.first};
  if (!can_move(first, from, to)) return;
  move_at_once(first, from, to);
  if (range.first == range.last) return;
  const PartitionRange rest{{range.first.value + 1}, range.last};
  after(pace, [this, rest, from, to, pace] { move_on(rest, from, to, pace); });
}

void World::move_at_once(PartitionRange range, Index from, Index to) {
  move_data(range, from, to);
  bump_epoch(to);
  nodes_[to].picture.assign(set_of(range), to);
  changed(to);
  note_truth(TrueChange::Kind::reshard);
  nodes_[from].leaving.set(range, to);
  after(random_.between(Duration(0), release_most), [this, range, from, to, life = nodes_[from].life] {
    if (nodes_[from].state == NodeState::running && nodes_[from].life == life) release_moved(range, from, to);
  });
  delay_news(to, news_least, news_most);
  tell_all(to);
}

void World::move_data(PartitionRange range, Index from, Index to) {
  const auto& data = nodes_[from].data;
  for (auto at = data.lower_bound({range.first, {}}); at != data.end() && at->first.first <= range.last; ++at)
    write(to, at->first.second, at->second);
  drop_data(from, set_of(range));
}

/// SETSLOT NODE on the old owner. One that gave its last partition away becomes a replica of the taker
/// (cluster-allow-replica-migration).
void World::release_moved(PartitionRange range, Index from, Index to) {
  ClusterNode& n = nodes_[from];
  if (self(from).role != Role::primary) return;
  const auto released = intersection(n.picture.owned_by(from), set_of(range));
  PartitionMap<Index> still_leaving;
  walk(n.leaving, set_of(range), [&](PartitionRange piece, const Index* taker, const Member* done) {
    if (taker && !done) still_leaving.set(piece, *taker);
  });
  n.leaving = std::move(still_leaving);
  if (released.empty()) return;
  n.picture.assign(released, to);
  changed(from);
  if (!n.picture.owns(from)) return become_replica(from, to);
  observers_demoted(from);
  tell_all(from);
}

// ---- Members

std::size_t World::add_node() {
  const auto i = static_cast<Index>(nodes_.size());
  nodes_.emplace_back();
  found_node(i, Role::primary, nobody, {});
  const auto can_meet = [&](Index j) { return nodes_[j].state == NodeState::running && reaches(i, j); };
  for (Index j = 0; j < i; ++j) {
    if (!can_meet(j)) continue;
    Known mine = self(j);
    mine.heard = now();
    mine.pinged.reset();
    nodes_[i].picture.nodes[j] = mine;
    nodes_[j].picture.nodes[i] = self(i);
    changed(j);
  }
  tell_all(i);
  return i;
}

void World::replicate(std::size_t number, std::size_t primary) {
  const Index i = running(number, "replicate");
  const Index to = checked(primary);
  const Known* known = nodes_[i].picture.find(to);
  if (nodes_[i].picture.owns(i) || i == to || !known || known->role != Role::primary)
    throw std::invalid_argument("replicate wants a node without partitions and a primary that it knows; node " +
                                std::to_string(number) + " cannot follow node " + std::to_string(primary));
  become_replica(i, to);
}

void World::remove(std::size_t number) {
  const Index i = checked(number);
  ClusterNode& n = nodes_[i];
  const auto follows = [&](const ClusterNode& other) {
    const Known& known = *other.picture.find(static_cast<Index>(&other - nodes_.data()));
    return !other.removed && known.role == Role::replica && known.primary == i;
  };
  if (n.removed || n.picture.owns(i) || std::any_of(nodes_.begin(), nodes_.end(), follows))
    throw std::invalid_argument("remove wants a member that owns nothing and that nobody follows; node " +
                                std::to_string(number) + " is not one");
  if (n.state != NodeState::down) kill(i);
  be_forgotten(i);
}

void World::be_forgotten(Index i) {
  nodes_[i].removed = true;
  for (Index other = 0; other < nodes_.size(); ++other) {
    if (other == i) continue;
    nodes_[other].picture.release(nodes_[other].picture.owned_by(i));
    nodes_[other].picture.nodes.erase(i);
    changed(other);
  }
}

void World::del_partitions(PartitionRange range) {
  for (Index i = 0; i < nodes_.size(); ++i) {
    nodes_[i].picture.release(set_of(range));
    changed(i);
    judge_state(i);
  }
  note_truth();
}

void World::add_partitions(PartitionRange range, std::size_t to) {
  const Index taker = running(to, "add_partitions");
  const bool owned = std::any_of(nodes_.begin(), nodes_.end(), [&](const ClusterNode& n) {
    const auto& owners = n.picture.owners;
    return std::any_of(owners.begin(), owners.end(), [&](const auto& entry) {
      return entry.range.first <= range.last && range.first <= entry.range.last;
    });
  });
  if (owned || self(taker).role != Role::primary)
    throw std::invalid_argument("add_partitions wants partitions that nobody owns and a primary; " + text_of(range) +
                                " cannot be given to node " + std::to_string(to));
  PartitionSet others;  // what the taker may still hold of a time before somebody else had them
  walk(holders_, set_of(range), [&](PartitionRange piece, const Holder* last, const Member* added) {
    if (added && (!last || last->owner != taker)) others.set(piece, {});
  });
  drop_data(taker, others);
  for (Index i = 0; i < nodes_.size(); ++i) {
    nodes_[i].picture.assign(set_of(range), taker);
    changed(i);
    judge_state(i);
  }
  note_truth(TrueChange::Kind::assigned);
}

}  // namespace dbha::memory
