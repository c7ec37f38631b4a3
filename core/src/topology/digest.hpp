#pragma once

#include <dbha/topology.hpp>

namespace dbha {

/// The topology's version with the digest of its content (FNV-1a over a canonical form), but for what is told of marks
/// beyond their identity: two detectors may know different things of one loss, and hold the same topology. Only a
/// publisher computes it: what another program would compute from the same message need not be the same.
Version version_of(const Topology& topology);

}  // namespace dbha
