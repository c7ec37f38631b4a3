#pragma once
/// R1, first half: the merge of what the nodes say. One node alone may hand out an old map (it is cut off, or just
/// restarted), so a candidate is only what COULD be true; publication.hpp decides whether enough nodes bear it out.

#include <set>

#include "detector/evidence.hpp"

namespace dbha {

struct Candidate {
  PartitionMap<Claim>
      claims;  ///< of each partition the claim with the highest (epoch, then smaller id); none where nobody claims
  std::set<NodeId> voters;    ///< whose agreement counts
  std::set<NodeId> disowned;  ///< nodes that the others have forgotten, whatever they say of themselves (C1)
};

Candidate candidate_of(const Evidence& evidence, Voters voters);

/// More than half of the voters.
bool majority(std::size_t count, const Candidate& candidate);

}  // namespace dbha
