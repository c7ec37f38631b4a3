#pragma once
/// R7: a reshard told from a failover. A reshard moves partitions with their data between living primaries, so nothing
/// is lost and no dbrestart is due; but a failover A -> A' followed by a migration A' -> B looks the same to whoever
/// looked away meanwhile (C6), and so does a primary that was cut off and takes back what the majority gave away (C7).
/// So the new owner must have been a primary all along, and the old owner must say itself that it still is what it was
/// and has let go. The route is published at once; the mark waits for that answer.

#include <map>
#include <optional>

#include "detector/evidence.hpp"

namespace dbha {

/// A change of owner that is a reshard if the old owner's next answer bears it out.
struct PendingReshard {
  NodeId from;    ///< the old owner,
  RunId run_id;   ///< its life
  ReplId replid;  ///< and its stream, as published before
  NodeId to;
  /// The new owner's stream as published before, where it has not answered yet, as when the detector has just begun and
  /// others bear the claim out: its answer must show that it has been a primary all along. Nothing: it has.
  std::optional<ReplId> taker{};
  /// The claim's epoch is at most the next one after all that the old owner had heard of when it last answered as a
  /// primary. An election in between would have taken that one, and the migration after it another: so there was none,
  /// and an old owner that is a replica now, in the same life, became one afterwards: emptied by the migration (Redis
  /// makes it the new owner's replica), or failed over without the partition.
  bool next_epoch = false;
  Epoch held;       ///< with which the old owner claimed it
  TimePoint since;  ///< only answers to questions asked after that count
  friend bool operator==(const PendingReshard&, const PendingReshard&) = default;
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
  friend bool operator==(const ReshardWitness&, const ReshardWitness&) = default;
};

/// Notes this evidence, after the changes that it brought have been judged. `before`: what was published before it.
/// What is known of a node that does not answer stays as it is.
void note(ReshardWitness& witness, const Topology& before, const Topology& published, const Evidence& evidence);

/// How long the old owner may take to answer; then it is a failover.
inline constexpr Duration reshard_answer_within = std::chrono::seconds(3);

/// Whether the change from `before` to `claim` at this partition may be a reshard: what then remains to be answered.
std::optional<PendingReshard> possible_reshard(Partition p, const Claim& claim, const Topology& before,
                                               const Evidence& evidence, const ReshardWitness& witness, TimePoint now);

enum class ReshardVerdict { open, reshard, failover };
/// An election and a migration at the same time may take the same epoch: so no replica of the old owner may be a
/// primary by then with that one, whatever the old owner says, which may have heard of the migration first. `claim`:
/// the new owner's. `before`: what was published before this evidence.
ReshardVerdict judge(const PendingReshard& pending, Partition p, const Claim& claim, const Topology& before,
                     const Evidence& evidence, TimePoint now);

}  // namespace dbha
