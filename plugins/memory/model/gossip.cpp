/// How news travels. A node tells another what it claims itself; the receiver rebinds partitions to a higher epoch
/// only, and tells a sender whose claim is outdated who has the partition now (UPDATE). Rules: cluster_legacy.c of
/// Redis 7.0, clusterProcessPacket and clusterUpdateSlotsConfigWith.

#include <algorithm>

#include "model/world.hpp"

namespace dbha::memory {
namespace {

using std::chrono::milliseconds;

constexpr Duration tick_period = milliseconds(100);
/// Redis broadcasts at once, but sender and receivers write nodes.conf to the disk first: measured 20 to 45 ms.
constexpr Duration news_least = milliseconds(20);
constexpr Duration news_most = milliseconds(45);

Duration ping_period(Duration node_timeout) {
  return std::clamp<Duration>(node_timeout / 4, milliseconds(50), milliseconds(500));
}

}  // namespace

void World::begin_ticks(Index i, Duration first) {
  const std::uint64_t rhythm = ++nodes_[i].rhythm;
  struct Beat {
    World* world;
    Index i;
    std::uint64_t rhythm;
    void operator()() const {
      const ClusterNode& n = world->nodes_[i];
      if (n.rhythm != rhythm || n.state != NodeState::running) return;
      world->tick(i);
      world->after(tick_period, *this);
    }
  };
  after(first, Beat{this, i, rhythm});
}

void World::tick(Index i) {
  const Duration period = ping_period(settings_.node_timeout);
  for (auto& [other, known] : nodes_[i].picture.nodes) {
    if (other == i || now() - std::max(known.heard, known.pinged.value_or(known.heard)) < period) continue;
    if (!known.pinged) known.pinged = now();
    tell(i, other, Answer::wanted);
  }
  watch_others(i);
  consider_election(i);
  try_sync(i);
  judge_state(i);
}

std::shared_ptr<const Announcement> World::announcement(Index i) {
  ClusterNode& n = nodes_[i];
  if (!n.announcement || n.announcement->version != n.version)
    n.announcement = std::make_shared<const Announcement>(announce(i, n.picture, n.version));
  return n.announcement;
}

void World::tell(Index from, Index to, Answer answer) {
  send(from, to, [this, to, said = announcement(from), answer] { hear(to, *said, answer); });
}

/// Whoever asks is answered, a stranger too: a node that was forgotten goes on believing that it reaches everybody.
void World::tell_stranger(Index from, Index to) {
  after(random_.between(milliseconds(0), milliseconds(1)), [this, from, to, said = announcement(from)] {
    arrive(from, to, [this, to, said] { hear(to, *said, Answer::none); });
  });
}

void World::tell_all(Index from) {
  for (const auto& [to, known] : nodes_[from].picture.nodes)
    if (to != from) tell(from, to, Answer::none);
}

void World::delay_news(Index from, Duration least, Duration most) {
  for (auto& [to, known] : nodes_[from].picture.nodes)
    known.news_from = std::max(known.news_from, now() + random_.between(least, most));
}

void World::hear(Index i, const Announcement& said, Answer answer) {
  ClusterNode& n = nodes_[i];
  if (nodes_[said.from].removed && !n.removed) return answer == Answer::wanted ? tell_stranger(i, said.from) : void();
  if (!n.picture.find(said.from)) learn_nodes(i, said);
  seen_alive(i, said.from);
  if (answer == Answer::wanted) tell(i, said.from, Answer::none);
  if (n.picture.find(said.from)->heeded != std::pair(said.version, n.version) || !said.failing.empty()) heed(i, said);
}

void World::heed(Index i, const Announcement& said) {
  ClusterNode& n = nodes_[i];
  learn_nodes(i, said);
  if (said.current_epoch > n.picture.current_epoch) {
    n.picture.current_epoch = said.current_epoch;
    changed(i);
  }
  learn_role(i, *n.picture.find(said.from), said);
  const bool contradicted = learn_claims(i, said);
  resolve_collision(i, said);
  take_reports(i, said);
  const Known* primary = n.picture.find(self(i).primary);
  if (self(i).role == Role::replica && primary && primary->role == Role::replica && primary->primary != i &&
      n.picture.find(primary->primary))
    become_replica(i, primary->primary);  // no chains: follow the one that it follows
  judge_state(i);
  if (!contradicted) n.picture.find(said.from)->heeded = {said.version, n.version};
}

bool World::learn_nodes(Index i, const Announcement& said) {
  bool any = false;
  const auto meet = [&](Index other) {
    if (nodes_[other].removed || nodes_[i].picture.find(other)) return;
    nodes_[i].picture.nodes[other].heard = now();
    any = true;
  };
  meet(said.from);
  if (said.members.size() != nodes_[i].picture.nodes.size())
    std::for_each(said.members.begin(), said.members.end(), meet);
  if (any) changed(i);
  return any;
}

void World::learn_role(Index i, Known& sender, const Announcement& said) {
  if (said.epoch > sender.epoch) {
    sender.epoch = said.epoch;
    changed(i);
  }
  if (sender.role == said.role && sender.primary == said.primary) return;
  if (sender.role == Role::primary && said.role == Role::replica)
    nodes_[i].picture.release(nodes_[i].picture.owned_by(said.from));
  sender.role = said.role;
  sender.primary = said.primary;
  changed(i);
}

bool World::learn_claims(Index i, const Announcement& said) {
  Picture& picture = nodes_[i].picture;
  if (said.claimant() == nobody || picture.owned_by(said.claimant()) == said.claims) return false;
  if (said.role == Role::primary) rebind(i, said.from, said.epoch, said.claims);
  const auto higher = contradicted_by(picture, said);
  if (!higher) return false;
  send(i, said.from,
       [this, to = said.from, who = *higher, epoch = picture.find(*higher)->epoch, claims = picture.owned_by(*higher)] {
         update(to, who, epoch, claims);
       });
  return true;
}

/// What another node told us of the claimant.
void World::update(Index i, Index claimant, Epoch epoch, const PartitionSet& claims) {
  Known* known = nodes_[i].picture.find(claimant);
  if (!known || claimant == i || known->epoch >= epoch) return;
  known->role = Role::primary;
  known->primary = nobody;
  known->epoch = epoch;
  changed(i);
  rebind(i, claimant, epoch, claims);
  judge_state(i);
}

void World::rebind(Index i, Index claimant, Epoch epoch, const PartitionSet& claims) {
  if (claimant == i) return;
  Picture& picture = nodes_[i].picture;
  const auto won = won_by(picture, claimant, epoch, claims);
  if (won.empty()) return;
  const bool primary = self(i).role == Role::primary;
  const Index shard = primary ? i : self(i).primary;  // whose partitions are "ours"
  const auto ours = intersection(won, picture.owned_by(shard));
  picture.assign(won, claimant);
  changed(i);
  if (ours.empty()) return;
  if (!picture.owns(shard)) return become_replica(i, claimant);
  if (!primary) return;
  drop_data(i, ours);
  observers_demoted(i);
  note_truth();
}

/// Two primaries with one epoch: the one with the smaller id takes another.
void World::resolve_collision(Index i, const Announcement& said) {
  Known& me = self(i);
  if (said.role != Role::primary || me.role != Role::primary || said.epoch != me.epoch) return;
  if (nodes_[said.from].id < nodes_[i].id) return;
  me.epoch = {++nodes_[i].picture.current_epoch.value};
  changed(i);
  note_truth();
}

/// Without asking anybody, unless it already has the greatest epoch that it knows of.
void World::bump_epoch(Index i) {
  Picture& picture = nodes_[i].picture;
  const Epoch greatest = picture.greatest_epoch();
  Known& me = self(i);
  if (me.epoch != Epoch{} && me.epoch == greatest) return;
  picture.current_epoch = {greatest.value + 1};
  me.epoch = picture.current_epoch;
  changed(i);
}

void World::become_replica(Index i, Index primary) {
  ClusterNode& n = nodes_[i];
  Known& me = self(i);
  const bool was_primary = me.role == Role::primary;
  n.picture.release(n.picture.owned_by(i));
  me.role = Role::replica;
  me.primary = primary;
  n.election.reset();
  n.ordered.reset();
  n.leaving = {};
  changed(i);
  drop_link(i);
  drop_replicas_of(i);
  n.link.next_try = now();
  if (was_primary) observers_demoted(i);
  end_pause(i);
  note_truth();
  delay_news(i, news_least, news_most);
  tell_all(i);
  judge_state(i);
  try_sync(i);
}

}  // namespace dbha::memory
