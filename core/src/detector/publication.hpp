#pragma once
/// R1, second half, and R2: which claims are published. An election leaves a trace BEFORE the promotion: every voter's
/// current epoch. So a new owner that announces itself, with that trace at a majority, is published 1-2 ms after its
/// promotion; waiting until a majority names it would cost 43 ms.

#include <string>
#include <vector>

#include "detector/candidate.hpp"

namespace dbha {

/// A claim that was seen and is not published, with the reason: for the log and for looking again soon.
struct Withheld {
  PartitionRange range;
  Claim claim;
  std::string reason;
  bool lower = false;  ///< it loses against the published claim: only an overruling could publish it (R5)
};

struct Decision {
  bool degraded = false;  ///< no majority of the voters answered: nothing may change (R2)
  std::string reason;     ///< of degraded
  PartitionMap<Claim> claims;
  std::vector<Withheld> withheld;
};

/// Pure. `changed_at`: when `published` last changed; a turn of an epoch needs answers asked for after that.
Decision decide(const PartitionMap<Claim>& published, const Candidate& candidate, const Evidence& evidence,
                TimePoint changed_at);

}  // namespace dbha
