#pragma once
/// R1, second half, and R2: which claims are published. An election leaves a trace BEFORE the promotion: every voter's
/// current epoch. So a new owner that announces itself, with that trace at a majority, is published 1-2 ms after its
/// promotion; waiting until a majority names it would cost 43 ms.

#include <optional>
#include <string>
#include <vector>

#include "detector/proof.hpp"

namespace dbha {

/// What is published of these partitions from now on, and who bore it out.
struct ClaimChange {
  PartitionRange range;
  std::optional<Claim> before;  ///< none: nothing was published of them yet
  Claim claim;
  Road road = Road::confirmed;
  Proof proof;
};

/// A claim that was seen and is not published, with the reason: for the log and for looking again soon.
struct Withheld {
  PartitionRange range;
  Claim claim;
  std::string reason;
  bool lower = false;  ///< it loses against the published claim: only an overruling could publish it (R5)
  Proof proof{};       ///< as far as it reached
};

struct Decision {
  bool degraded = false;  ///< no majority of the voters answered: nothing may change (R2)
  std::string reason;     ///< of degraded
  PartitionMap<Claim> claims;
  std::vector<ClaimChange> changes;  ///< what `claims` has that the published ones had not
  std::vector<Withheld> withheld;
};

/// Pure. `changed_at`: when `published` last changed; a turn of an epoch needs answers asked for after that.
Decision decide(const PartitionMap<Claim>& published, const Candidate& candidate, const Evidence& evidence,
                TimePoint changed_at);

}  // namespace dbha
