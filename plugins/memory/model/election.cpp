/// A replica of a failed primary asks the other primaries for their votes, and takes over once a majority has given
/// them. Rules: clusterHandleSlaveFailover and clusterSendFailoverAuthIfNeeded of Redis 7.0.

#include <algorithm>

#include "model/world.hpp"

namespace dbha::memory {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// So that the news of the failure is everywhere, and replicas do not split the votes.
constexpr Duration election_delay = milliseconds(500);
constexpr Duration election_jitter = milliseconds(500);
/// For each replica that is further: it should win.
constexpr Duration delay_per_rank = seconds(1);
/// A replica whose data are older than this, and ten node timeouts, does not stand (cluster-replica-validity-factor).
constexpr Duration validity_grace = seconds(10);
constexpr int validity_factor = 10;

constexpr Duration news_least = milliseconds(20);
constexpr Duration news_most = milliseconds(45);
/// Measured on the old primary of a graceful failover, which answers its clients first.
constexpr Duration news_most_to_predecessor = milliseconds(68);

Duration vote_patience(Duration node_timeout) {
  return std::max<Duration>(2 * node_timeout, seconds(2));
}

}  // namespace

Duration World::rank_delay(Index i) const {
  int rank = 0;
  for (const auto& [other, known] : nodes_[i].picture.nodes)
    if (other != i && known.role == Role::replica && known.primary == self(i).primary && !known.failing() &&
        nodes_[other].offset > nodes_[i].offset)
      ++rank;
  return rank * delay_per_rank;
}

void World::consider_election(Index i) {
  ClusterNode& n = nodes_[i];
  const Known* primary = n.picture.find(self(i).primary);
  if (n.ordered && now() > n.ordered->until) end_ordered(i);
  if (self(i).role != Role::replica || !primary || !n.picture.owns(self(i).primary)) return;
  const bool ordered = n.ordered && n.ordered->ready;
  if (!ordered && !primary->failed) return;
  if (!ordered) {
    const auto contact = n.link.up ? std::optional(now()) : n.link.contact;
    if (!contact || now() - *contact > validity_factor * settings_.node_timeout + validity_grace) return;
  }
  if (n.election && now() < n.election->at + 2 * vote_patience(settings_.node_timeout)) return;
  const Duration delay =
      ordered ? Duration(0) : election_delay + random_.between(Duration(0), election_jitter) + rank_delay(i);
  n.election = Election{next_number_++, now() + delay, {}, false, {}};
  after(delay, [this, i, number = n.election->number] {
    const ClusterNode& candidate = nodes_[i];
    if (candidate.state == NodeState::running && candidate.election && candidate.election->number == number)
      ask_for_votes(i);
  });
}

void World::ask_for_votes(Index i) {
  ClusterNode& n = nodes_[i];
  const Index primary = self(i).primary;
  const Known* known = n.picture.find(primary);
  const bool ordered = n.ordered && n.ordered->ready;
  if (!known || (!known->failed && !ordered)) return n.election.reset();  // it is back
  n.election->epoch = {++n.picture.current_epoch.value};
  n.election->asked = true;
  changed(i);
  const auto claims = n.picture.owned_by(primary);
  for (const auto& [voter, other] : n.picture.nodes)
    if (voter != i)
      send(i, voter, [this, voter = voter, i, epoch = n.election->epoch, claim_epoch = known->epoch, claims, ordered] {
        vote(voter, i, epoch, claim_epoch, claims, ordered);
      });
}

bool World::may_vote(Index voter, Index replica, Epoch epoch, Epoch claim_epoch, const PartitionSet& claims,
                     bool ordered) {
  Picture& picture = nodes_[voter].picture;
  if (self(voter).role != Role::primary || !picture.owns(voter)) return false;
  if (epoch < picture.current_epoch || nodes_[voter].last_vote == picture.current_epoch) return false;
  const Known* candidate = picture.find(replica);
  if (!candidate || candidate->role != Role::replica) return false;
  const Known* primary = picture.find(candidate->primary);
  if (!primary || (!primary->failed && !ordered)) return false;
  if (now() - primary->voted < 2 * settings_.node_timeout) return false;
  bool outdated = false;
  walk(claims, picture.owners, [&](PartitionRange, const Member* claimed, const Index* owner) {
    const Known* known = claimed && owner ? picture.find(*owner) : nullptr;
    outdated |= known && known->epoch > claim_epoch;
  });
  return !outdated;
}

void World::vote(Index voter, Index replica, Epoch epoch, Epoch claim_epoch, const PartitionSet& claims, bool ordered) {
  ClusterNode& n = nodes_[voter];
  if (epoch > n.picture.current_epoch) {
    n.picture.current_epoch = epoch;  // the trace that an election leaves before the promotion
    changed(voter);
  }
  if (!may_vote(voter, replica, epoch, claim_epoch, claims, ordered)) return;
  n.last_vote = n.picture.current_epoch;
  n.picture.find(n.picture.find(replica)->primary)->voted = now();
  send(voter, replica, [this, replica, voter, epoch] { take_vote(replica, voter, epoch); });
}

void World::take_vote(Index i, Index voter, Epoch epoch) {
  ClusterNode& n = nodes_[i];
  if (!n.election || !n.election->asked || n.election->epoch != epoch || self(i).role != Role::replica) return;
  if (now() - n.election->at > vote_patience(settings_.node_timeout)) return;
  n.election->votes.insert(voter);
  if (n.election->votes.size() >= n.picture.majority()) promote(i, epoch);
}

void World::promote(Index i, Epoch epoch) {
  ClusterNode& n = nodes_[i];
  Known& me = self(i);
  const Index predecessor = me.primary;
  const bool graceful = n.ordered && n.ordered->mode == FailoverMode::graceful;
  drop_link(i);
  me.role = Role::primary;
  me.primary = nobody;
  me.epoch = epoch;
  n.picture.assign(n.picture.owned_by(predecessor), i);
  n.previous_replid = n.replid;
  n.previous_offset = n.offset + 1;
  n.replid = {random_.name()};
  n.election.reset();
  n.ordered.reset();
  changed(i);
  note_truth();
  judge_state(i);
  delay_news(i, news_least, news_most);
  if (Known* known = n.picture.find(predecessor); known && graceful)
    known->news_from = now() + random_.between(news_least, news_most_to_predecessor);
  tell_all(i);
}

}  // namespace dbha::memory
