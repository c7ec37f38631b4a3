#pragma once

#include <dbha/topology.hpp>

namespace dbha {

/// The topology's version with the digest of its whole content (FNV-1a over a canonical form). Only a publisher
/// computes it: what another program would compute from the same message need not be the same.
Version version_of(const Topology& topology);

}  // namespace dbha
