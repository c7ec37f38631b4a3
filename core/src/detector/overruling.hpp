#pragma once
/// R5: a claim that loses against the published one. Epochs say that it is old, and mostly it is; but a replica that
/// took over alone and was lost (C2), or a database that was rebuilt and counts its epochs from the start again, would
/// stay published for ever. So what a majority of the primaries names for long enough, while nobody stands up for the
/// published owner, goes out under the next generation, which every join takes before all that was said earlier.

#include "detector/candidate.hpp"

namespace dbha {

/// Of each partition the claim that a majority of the voters names, each in its own answer, where it loses against the
/// published one; among them the published owner with a lower epoch. Not what the candidate shows: one node with an old
/// map may outbid in it what the majority says.
PartitionMap<Claim> lower_claims(const PartitionMap<Claim>& published, const Candidate& candidate,
                                 const Evidence& evidence);

/// The partitions whose published owner, not disowned, claims them itself and serves.
PartitionSet claimed_by_owners(const PartitionMap<Claim>& published, const Candidate& candidate,
                               const Evidence& evidence);

/// Those of the lower claims that name another owner than the published one, where nobody stands up for that: partition
/// by partition, because a node that lost one of its partitions long ago would block their overruling for ever (C9).
PartitionMap<Claim> overrulable(const PartitionMap<Claim>& lower, const PartitionMap<Claim>& published,
                                const PartitionSet& claimed, const PartitionSet& vouched);

/// What goes under the next generation: all of `overrulable` together, whenever each was first seen, and the lower
/// epochs of owners that stay, so that their next failover is not below what is published.
PartitionMap<Claim> overruled(const PartitionMap<Claim>& lower, const PartitionMap<Claim>& published,
                              const PartitionMap<Claim>& overrulable);

/// The time without a break, one for all partitions: with one for each, what changed together would go out in several
/// generations, and two detectors would split over them (C10).
class OverrulingTimer {
 public:
  /// Whether some of these partitions have been overrulable for so long without a break. To be told each time.
  bool elapsed(const PartitionMap<Claim>& overrulable, Duration reset_after, TimePoint now);
  void reset() { standing_ = {}; }

 private:
  PartitionSet standing_;  ///< overrulable ever since
  TimePoint since_;
};

}  // namespace dbha
