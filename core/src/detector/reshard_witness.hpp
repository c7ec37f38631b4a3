#pragma once
/// R7: what the nodes' earlier answers tell of a change of owner, kept in the state store: a detector that was away, or
/// an owner that dies after it has let go, must not make a failover of a reshard, nor the other way round.

#include <map>

#include "detector/evidence.hpp"

namespace dbha {

/// A primary's answers in one life with one stream of writes.
struct PrimaryStream {
  RunId run_id;
  ReplId replid;
  PartitionSet at_first;  ///< what it claimed in the first and in each since: by a promotion, or before a new start
  friend bool operator==(const PrimaryStream&, const PrimaryStream&) = default;
};

/// The owner itself, in its life and with its stream as published, says that another owns a partition of its own.
struct Cession {
  NodeId from;
  NodeId to;
  friend bool operator==(const Cession&, const Cession&) = default;
};

/// What earlier answers tell of a change of owner.
struct ReshardWitness {
  /// What each node has begun to claim, in its own answers, at an epoch not above that of the published other owner,
  /// and claims still, at whatever epoch: if it wins, it takes back what was given away, and that is no reshard. The
  /// same goes for what it claims in the first answer of a new life: it got that before, and lost it with all it had.
  std::map<NodeId, PartitionSet> vain;
  /// The greatest epoch that each node had heard of when it last answered as a primary, and that was published by then:
  /// one that it had heard of and nobody had claimed may have been the election of its own successor.
  std::map<NodeId, Epoch> heard;
  /// Of each node that last answered as a primary. What it claims later than in the first answer was given to it.
  std::map<NodeId, PrimaryStream> streams;
  /// Until the owner claims it again, or another owner is published: a later end of its life takes nothing back.
  PartitionMap<Cession> ceded;
  /// Who owned the partition before its present owner, as published.
  PartitionMap<NodeId> given;
  friend bool operator==(const ReshardWitness&, const ReshardWitness&) = default;
};

/// Notes this evidence, after the changes that it brought have been judged. `before`: what was published before it.
/// What is known of a node that does not answer stays as it is.
void note(ReshardWitness& witness, const Topology& before, const Topology& published, const Evidence& evidence);

/// The node claims the partition in vain, see ReshardWitness::vain.
bool claimed_in_vain(Partition p, const NodeId& node, const ReshardWitness& witness);
/// What is known of the life and the stream that this answer is of; nullptr: it is the first of them.
const PrimaryStream* stream_of(const View& own, const ReshardWitness& witness);
/// It has answered before as the primary that it is, and at least once without claiming the partition.
bool was_primary_without(Partition p, const View& own, const ReshardWitness& witness);
/// As far as is known: before the present owner, or when the partition's mark was set.
bool was_owner(const NodeId& node, Partition p, const Topology& before, const ReshardWitness& witness);

}  // namespace dbha
