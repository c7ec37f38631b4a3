#pragma once
/// What the detector has met and done, as records for its history: by which sign a shard became suspect, how long each
/// step took from there to a publication, and who bore it out. Decides nothing, and nothing is decided by it. Pure.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "detector/publication.hpp"
#include "detector/reshard.hpp"
#include "history/record.hpp"

namespace dbha {

class Chronicle {
 public:
  using Records = std::vector<Record>;

  /// Of the shard, met just now: if that becomes suspect with this input, it is because of it. Of each kind the first
  /// one of a suspicion is recorded.
  void met(const NodeId& shard, Sign sign, TimePoint now);
  /// After each input: which shards are suspect, and since when.
  void look(const std::map<NodeId, TimePoint>& suspects, Records& out, TimePoint now);

  /// The changes from `before` to `after`, with what decided them. `overruled`: those decided by R5, with their proof.
  std::vector<ClaimRecord> account(const PartitionMap<Claim>& before, const PartitionMap<Claim>& after,
                                   const std::vector<ClaimChange>& decided, const std::vector<ClaimChange>& overruled,
                                   TimePoint now);
  /// After each evaluation: what remains open.
  void left_open(const std::vector<Withheld>& withheld, TimePoint now);
  /// After each evaluation: whether by now a majority names what was published because it was announced.
  void confirm(const Candidate& candidate, const Evidence& evidence, Records& out, TimePoint now);

 private:
  using Vote = std::pair<NodeId, Epoch>;  ///< an owner with the epoch that it won

  struct Suspicion {
    TimePoint since;
    Sign sign;
    std::set<std::string> met;  ///< kinds of signs
  };
  struct Unconfirmed {
    PartitionSet partitions;
    Claim claim;
    TimePoint published;
  };

  void take(const std::pair<const NodeId, TimePoint>& suspect, Sign sign, Records& out, TimePoint now);
  Steps steps_of(const ClaimRecord& change, TimePoint now) const;

  std::vector<std::pair<NodeId, Sign>> met_;  ///< with the input in hand
  std::map<NodeId, Suspicion> suspicions_;    ///< by shard
  std::map<NodeId, TimePoint> promoted_;      ///< nodes that were seen as primary where a replica was known
  std::map<Vote, TimePoint> claimed_;         ///< what is open: when it was first seen
  std::vector<Unconfirmed> unconfirmed_;
};

/// What a refusal says of itself, for its record.
std::vector<ClaimRecord> records_of(const std::vector<Withheld>& withheld);

/// What became of changes of owner that may have been reshards (R7), and which have begun to wait for the old owner's
/// word. `changed`: the partitions that a new mark was set on.
void record_reshards(const PartitionMap<PendingReshard>& before, const PartitionMap<PendingReshard>& after,
                     const PartitionSet& changed, Chronicle::Records& out);

/// Losses that became known of marks that were there before.
void record_losses(const PartitionMap<Mark>& before, const PartitionMap<Mark>& after, Chronicle::Records& out);

}  // namespace dbha
