#include "memory/route.hpp"

#include <algorithm>
#include <utility>

namespace dbha::memory {

const Endpoint* Route::target(Partition partition) const {
  if (const Redirected* redirected = redirected_.find(partition)) return &redirected->to;
  const dbha::Node* node = topology_ ? topology_->owner(partition) : nullptr;
  return node ? &node->endpoint : nullptr;
}

void Route::apply(std::shared_ptr<const Topology> topology) {
  const bool same_generation = topology_ && topology_->generation == topology->generation;
  topology_ = std::move(topology);
  PartitionMap<Redirected> kept;
  walk(redirected_, topology_->claims, [&](PartitionRange range, const Redirected* redirected, const Claim* claim) {
    if (!redirected || !same_generation) return;
    if (claim && std::pair(claim->epoch, claim->turn) > std::pair(redirected->epoch, redirected->turn)) return;
    kept.set(range, *redirected);
  });
  redirected_ = std::move(kept);
  owners_.clear();
  for (const auto& entry : topology_->claims) {
    const dbha::Node* node = topology_->node(entry.value.owner);
    if (node && std::find(owners_.begin(), owners_.end(), node->endpoint) == owners_.end())
      owners_.push_back(node->endpoint);
  }
}

bool Route::moved(Partition partition, const Endpoint& from, const Endpoint& to) {
  const Endpoint* now = target(partition);
  if (to == from || (now && *now != from)) return false;
  const Claim* claim = topology_ ? topology_->claims.find(partition) : nullptr;
  redirected_.set({partition, partition}, {to, claim ? claim->epoch : Epoch{}, claim ? claim->turn : 0});
  return true;
}

void Route::unreachable(const Endpoint& node) {
  PartitionMap<Redirected> kept;
  for (const auto& entry : redirected_)
    if (entry.value.to != node) kept.set(entry.range, entry.value);
  redirected_ = std::move(kept);
}

bool Route::uses(const Endpoint& node) const {
  return std::find(owners_.begin(), owners_.end(), node) != owners_.end() ||
         std::any_of(redirected_.begin(), redirected_.end(), [&](const auto& entry) { return entry.value.to == node; });
}

NodeId Route::node_at(const Endpoint& endpoint) const {
  if (!topology_) return {};
  const auto at = std::find_if(topology_->nodes.begin(), topology_->nodes.end(),
                               [&](const dbha::Node& node) { return node.endpoint == endpoint; });
  return at != topology_->nodes.end() ? at->id : NodeId{};
}

}  // namespace dbha::memory
