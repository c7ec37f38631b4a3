#pragma once
/// How the cluster stands, as JSON: for scripts and tests that give orders over a call.

#include <cstdint>
#include <map>
#include <string>

#include "model/cluster.hpp"

namespace dbha::memory {

/// [{"index", "id", "host", "port", "state", "role", "primary" (index or null), "run_id", "owns": [[a, b]],
/// "removed", "promoted"}], removed nodes too: an index stays what it was.
std::string nodes_json(const Cluster& cluster);

/// {"name": count}. Names may hold anything.
std::string counts_json(const std::map<std::string, std::uint64_t>& counts);

}  // namespace dbha::memory
