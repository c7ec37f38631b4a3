#pragma once
/// R7: a reshard told from a failover. A reshard moves partitions with their data between living primaries, so nothing
/// is lost and no dbrestart is due; but a failover A -> A' followed by a migration A' -> B looks the same to whoever
/// looked away meanwhile (C6), and so does a primary that was cut off and takes back what the majority gave away (C7).
/// So the new owner must have been a primary before, without the partition, and the old owner must say itself that it
/// still is what it was and has let go. The route is published at once; the mark waits for that answer.

#include <optional>

#include "detector/evidence.hpp"
#include "detector/reshard_witness.hpp"

namespace dbha {

/// A primary that has not been started anew since.
struct AwaitedTaker {
  RunId run_id;                    ///< its life as published
  std::optional<ReplId> replid{};  ///< its stream as published; nothing: it was a replica then
  friend bool operator==(const AwaitedTaker&, const AwaitedTaker&) = default;
};

/// A change of owner that is a reshard if the old owner's next answer bears it out.
struct PendingReshard {
  NodeId from;    ///< the old owner,
  RunId run_id;   ///< its life
  ReplId replid;  ///< and its stream, as published before
  NodeId to;
  /// What the new owner's answer must show, where it has not answered yet, as when the detector has just begun and
  /// others bear the claim out. Nothing: it has.
  std::optional<AwaitedTaker> taker{};
  /// Each epoch from the greatest that the old owner had heard of when it last answered as a primary to the claim's was
  /// taken elsewhere. An election of its own successor would have taken one of them, and the migration after it
  /// another: so there was none before, and an old owner that is a replica now, in the same life, became one
  /// afterwards: emptied by the migration (Redis makes it the new owner's replica), or failed over without the
  /// partition.
  bool direct = false;
  bool ceded = false;  ///< the old owner has named the new one in its own answer: no more is waited for
  Epoch held;          ///< with which the old owner claimed it
  TimePoint since;     ///< only answers to questions asked after that count
  friend bool operator==(const PendingReshard&, const PendingReshard&) = default;
};

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
