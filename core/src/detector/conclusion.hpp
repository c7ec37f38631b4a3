#pragma once
/// From evidence, memory and what others publish to the topology that this detector publishes next. Pure.

#include "detector/mark_setting.hpp"
#include "detector/membership.hpp"

namespace dbha {

struct Grounds {
  const Topology& published;          ///< by this detector so far; empty before its first
  const Topology& joined;             ///< the same with what others publish (R4): equal to it where there are none
  const PartitionMap<Claim>& claims;  ///< decided for now
  std::uint64_t generation;           ///< for now; higher than that of `joined` where claims were overruled (R5)
  const Candidate& candidate;
  const Evidence& evidence;
  const MarkMemory& memory;
  TimePoint now;
};

struct Conclusion {
  Topology topology;
  PartitionMap<PendingReshard> pending;
};

Conclusion conclude(const Grounds& grounds);

}  // namespace dbha
