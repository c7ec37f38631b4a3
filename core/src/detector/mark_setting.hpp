#pragma once
/// R6: when a change may have lost acknowledged writes, and so sets a new mark.

#include <functional>

#include "detector/evidence.hpp"

namespace dbha {

/// What the marks need beyond two topologies.
struct MarkMemory {
  /// The highest epoch that each node's own answer showed together with its present replid: only a replid that changes
  /// with a rise above it is a sign of a lost stream; replid alone changes when a backlog expires.
  std::map<NodeId, Epoch> replid_epoch;
  /// Wall clock in ms since 1970 when the node last said that it serves its partitions.
  std::map<NodeId, std::int64_t> healthy_ms;
};

/// Pure. The marks of `after` (whose claims and nodes are decided already); `memory` as of before this evidence.
PartitionMap<Mark> set_marks(const Topology& before, const Topology& after, const Evidence& evidence,
                             const MarkMemory& memory);

/// Notes what this evidence says, after the marks have been set with it.
void remember(MarkMemory& memory, const Topology& topology, const Evidence& evidence, std::int64_t wall_ms);

}  // namespace dbha
