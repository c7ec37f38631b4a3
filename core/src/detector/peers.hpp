#pragma once
/// What the other detectors say, for this one's own conclusions. Pure.

#include "topology/feed.hpp"

namespace dbha {

/// The partitions of which a live detector that is not degraded says that the owner published here claims them itself
/// and serves: while one does, a lower claim is not published (R5).
PartitionSet vouched_by(const Feed& peers, const PartitionMap<Claim>& published, TimePoint now);

/// The topology that results from one's own and the others' (R4). `own` is preferred for the nodes in `reach`, and
/// among equals: what a detector has seen itself must not be taken back by one that lags. Null where nothing is known.
std::shared_ptr<const Topology> joined_with(const std::shared_ptr<const Topology>& own, std::vector<NodeId> reach,
                                            std::vector<Heard> others, std::uint32_t partitions);

}  // namespace dbha
