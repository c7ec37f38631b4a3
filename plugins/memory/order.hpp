#pragma once
/// "MEMORY KILL 3": faults on command, and questions about how things truly stand.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/cluster.hpp"

namespace dbha::memory {

/// Carries out args[1...], in upper or lower case. One that is malformed, or that the cluster refuses, does nothing and
/// gets an error that says what is right.
Value carry_out(const std::vector<std::string>& args, Cluster& cluster,
                const std::map<std::string, std::uint64_t>& asked);

}  // namespace dbha::memory
