#pragma once

#include "detector/candidate.hpp"
#include "detector/prober.hpp"

namespace dbha {

/// Whom to ask: every node that a fresh view lists or the published topology holds; the seeds only while no view lists
/// a node, so that a seed written as a name is not asked twice.
std::vector<Target> targets_of(const Evidence& evidence, const Topology* published, const std::vector<Endpoint>& seeds);

}  // namespace dbha
