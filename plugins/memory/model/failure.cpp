/// When a node is suspected (it owes an answer for node_timeout), when it has failed (a majority of the primaries
/// suspects it), and when a node says of itself that it serves.

#include <algorithm>

#include "model/world.hpp"

namespace dbha::memory {
namespace {

/// A primary that has just started refuses writes for this long: its replica may have been promoted meanwhile
/// (CLUSTER_WRITABLE_DELAY).
constexpr Duration writable_delay = std::chrono::seconds(2);

/// How long a primary that was in a minority waits before it serves again.
Duration rejoin_delay(Duration node_timeout) {
  return std::clamp<Duration>(node_timeout, std::chrono::milliseconds(500), std::chrono::seconds(5));
}

}  // namespace

void World::watch_others(Index i) {
  for (auto& [other, known] : nodes_[i].picture.nodes) {
    if (other == i || known.failing() || !known.pinged || now() - *known.pinged <= settings_.node_timeout) continue;
    known.suspected = true;
    changed(i);
    judge(i, other);
  }
}

void World::take_reports(Index i, const Announcement& said) {
  if (said.role != Role::primary) return;
  for (auto& [other, known] : nodes_[i].picture.nodes) {
    if (!std::binary_search(said.failing.begin(), said.failing.end(), other)) {
      known.suspected_by.erase(said.from);
    } else if (other != i) {
      known.suspected_by[said.from] = now();
      judge(i, other);
    }
  }
}

void World::judge(Index i, Index about) {
  Picture& picture = nodes_[i].picture;
  Known& known = *picture.find(about);
  if (!known.suspected || known.failed) return;
  std::erase_if(known.suspected_by, [&](const auto& r) { return now() - r.second > 2 * settings_.node_timeout; });
  const std::size_t mine = self(i).role == Role::primary ? 1 : 0;
  if (known.suspected_by.size() + mine < picture.majority()) return;
  mark_failed(i, about);
  for (const auto& [to, other] : picture.nodes)
    if (to != i && to != about) send(i, to, [this, at = to, about] { mark_failed(at, about); });
}

void World::mark_failed(Index i, Index about) {
  Known* known = nodes_[i].picture.find(about);
  if (!known || known->failed || about == i) return;
  known->failed = true;
  known->suspected = false;
  known->failed_at = now();
  changed(i);
  judge_state(i);
}

void World::seen_alive(Index i, Index other) {
  Known& known = *nodes_[i].picture.find(other);
  known.heard = now();
  known.pinged.reset();
  if (!known.failing()) return;
  const bool may_be_replaced = known.role == Role::primary && nodes_[i].picture.owns(other);
  if (known.failed && may_be_replaced && now() - known.failed_at <= 2 * settings_.node_timeout) return;
  known.suspected = known.failed = false;
  changed(i);
}

bool World::should_serve(Index i) {
  const ClusterNode& n = nodes_[i];
  std::size_t reached = 0;
  for (const Index owner : n.picture.owning()) {
    const Known* known = n.picture.find(owner);
    if (known && !known->failing()) ++reached;
  }
  if (reached >= n.picture.majority()) return true;
  nodes_[i].minority = now();
  return false;
}

void World::judge_state(Index i) {
  ClusterNode& n = nodes_[i];
  const bool serves = should_serve(i);
  if (serves && !n.ok && self(i).role == Role::primary) {
    if (now() - n.started < writable_delay) return;
    if (n.minority && now() - *n.minority < rejoin_delay(settings_.node_timeout)) return;
  }
  n.ok = serves;
}

}  // namespace dbha::memory
