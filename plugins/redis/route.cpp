#include "redis/route.hpp"

#include <algorithm>

namespace dbha::redis {

const Endpoint* Route::owner(Partition slot) const {
  const dbha::Node* node = topology_ ? topology_->owner(slot) : nullptr;
  return node ? &node->endpoint : nullptr;
}

const Endpoint* Route::target(Partition slot) const {
  const Provisional* provisional = provisional_.find(slot);
  if (!provisional) return owner(slot);
  return provisional->to ? &*provisional->to : nullptr;
}

/// Keeps the provisional routes for which keep(route, value in `beside`) holds, piece by piece. True if some went.
template <class T, class Keep>
bool Route::keep_if(const PartitionMap<T>& beside, Keep keep) {
  PartitionMap<Provisional> kept;
  walk(provisional_, beside, [&](PartitionRange range, const Provisional* provisional, const T* value) {
    if (provisional && keep(*provisional, value)) kept.set(range, *provisional);
  });
  const bool changed = !(kept == provisional_);
  provisional_ = std::move(kept);
  return changed;
}

void Route::apply(std::shared_ptr<const Topology> topology) {
  const bool same_generation = topology_ && topology_->generation == topology->generation;
  topology_ = std::move(topology);
  keep_if(topology_->claims, [&](const Provisional& provisional, const Claim* claim) {
    const bool higher = claim && std::pair(claim->epoch, claim->turn) > std::pair(provisional.epoch, provisional.turn);
    return same_generation && provisional.to && !higher;
  });
  owners_.clear();
  for (const auto& entry : topology_->claims) {
    const dbha::Node* node = topology_->node(entry.value.owner);
    if (node && std::find(owners_.begin(), owners_.end(), node->endpoint) == owners_.end()) {
      owners_.push_back(node->endpoint);
    }
  }
}

Route::Provisional Route::correction(const Claim* claim, std::optional<Endpoint> to) const {
  return {std::move(to), claim ? claim->epoch : Epoch{}, claim ? claim->turn : 0};
}

bool Route::moved(Partition slot, const Endpoint& from, const Endpoint& to) {
  const Endpoint* now = target(slot);
  if (to == from || (now && *now != from)) return false;
  const Claim* own_claim = topology_ ? topology_->claims.find(slot) : nullptr;
  if (now && is_replica(to, from)) {
    const PartitionMap<Provisional> before = provisional_;
    walk(topology_->claims, before, [&](PartitionRange range, const Claim* claim, const Provisional* provisional) {
      const Endpoint* goes_to = provisional ? (provisional->to ? &*provisional->to : nullptr) : owner(range.first);
      if (goes_to && *goes_to == from) provisional_.set(range, correction(claim, to));
    });
  } else {
    provisional_.set({slot, slot}, correction(own_claim, to));
  }
  return true;
}

bool Route::disowned(Partition slot, const Endpoint& from) {
  const Endpoint* now = target(slot);
  if (!now || *now != from) return false;
  provisional_.set({slot, slot}, correction(topology_ ? topology_->claims.find(slot) : nullptr, std::nullopt));
  return true;
}

bool Route::unreachable(const Endpoint& node) {
  return keep_if(PartitionSet{}, [&](const Provisional& route, const Member*) { return route.to != node; });
}

void Route::reconsider(Partition slot) {
  PartitionSet reconsidered;
  reconsidered.set({slot, slot}, {});
  keep_if(reconsidered, [](const Provisional& route, const Member* here) { return route.to || !here; });
}

bool Route::uses(const Endpoint& node) const {
  if (std::find(owners_.begin(), owners_.end(), node) != owners_.end()) return true;
  return std::any_of(provisional_.begin(), provisional_.end(),
                     [&](const auto& entry) { return entry.value.to == node; });
}

NodeId Route::node_at(const Endpoint& endpoint) const {
  if (!topology_) return {};
  const auto at = std::find_if(topology_->nodes.begin(), topology_->nodes.end(),
                               [&](const dbha::Node& node) { return node.endpoint == endpoint; });
  return at != topology_->nodes.end() ? at->id : NodeId{};
}

bool Route::is_replica(const Endpoint& replica, const Endpoint& primary) const {
  const dbha::Node* node = topology_ ? topology_->node(node_at(replica)) : nullptr;
  return node && node->role == Role::replica && !node->primary.empty() && node->primary == node_at(primary);
}

}  // namespace dbha::redis
