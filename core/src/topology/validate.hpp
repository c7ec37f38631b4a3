#pragma once

#include <optional>
#include <string>

#include <dbha/topology.hpp>

namespace dbha {

/// Why a view cannot be used, nothing if it can: no own entry, a bad port, partitions out of range, two owners of one
/// partition, an unknown role. A node that says such a thing is counted as not answering; the last good topology stays
/// in use.
std::optional<std::string> violation_of(const View& view, std::uint32_t partitions);

}  // namespace dbha
