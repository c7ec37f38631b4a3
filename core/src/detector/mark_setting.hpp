#pragma once
/// R6: when a change may have lost acknowledged writes, and so sets a new mark.

#include "detector/reshard.hpp"

namespace dbha {

/// What the marks need beyond two topologies. Stored with the topology: a detector that starts again goes on with it.
struct MarkMemory {
  /// The highest epoch that each node's own answer showed together with its present replid: only a replid that changes
  /// with a rise above it is a sign of a lost stream; replid alone changes when a backlog expires.
  std::map<NodeId, Epoch> replid_epoch;
  /// Wall clock in ms since 1970 when the node last said that it serves its partitions.
  std::map<NodeId, std::int64_t> healthy_ms;
  PartitionMap<PendingReshard> pending;  ///< changes of owner whose mark waits for the old owner's answer
  ReshardWitness witness;
  friend bool operator==(const MarkMemory&, const MarkMemory&) = default;
};

struct Marking {
  PartitionMap<Mark> marks;
  PartitionMap<PendingReshard> pending;
};

/// Pure. The marks of `after` (whose claims and nodes are decided already), and what is pending after them; `memory` as
/// of before this evidence.
Marking set_marks(const Topology& before, const Topology& after, const Evidence& evidence, const MarkMemory& memory,
                  TimePoint now);

/// Of streams that others, or an earlier process, have seen only the marks are known: an epoch above them is taken for
/// a sign of loss, because a spurious dbrestart is better than a missed one.
void remember_marked(MarkMemory& memory, const Topology& topology);

/// Notes what this evidence says, after the marks have been set with it: all but what is pending.
/// `before`: what was published before this evidence. A node was well when it was asked, not when that is evaluated:
/// its answer counts for some rounds, and what was written meanwhile may be lost.
void remember(MarkMemory& memory, const Topology& before, const Topology& topology, const Evidence& evidence,
              TimePoint now, std::int64_t wall_ms);

}  // namespace dbha
