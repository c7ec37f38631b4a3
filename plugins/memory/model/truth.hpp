#pragma once
/// Who truly owns what: what the tests compare with.

#include <vector>

#include "model/cluster_node.hpp"

namespace dbha::memory {

/// Who holds a partition, and since which of its starts.
struct Holder {
  Index owner = nobody;
  std::uint64_t life = 0;
  friend bool operator==(const Holder&, const Holder&) = default;
};

/// Of each partition the node that claims it itself with the highest epoch, dead or alive (a tie goes to the smaller
/// id). A partition that nobody claims keeps its last holder from `before`.
PartitionMap<Holder> holders(const std::vector<ClusterNode>& nodes, const PartitionMap<Holder>& before);

/// What became of the owners between the two. `moved`: by a reshard, so that the data went along.
std::vector<TrueChange> changes_between(const std::vector<ClusterNode>& nodes, const PartitionMap<Holder>& before,
                                        const PartitionMap<Holder>& after, TrueChange::Kind how, TimePoint now);

}  // namespace dbha::memory
