#pragma once

#include <map>

#include <dbha/topology.hpp>

namespace dbha::shell {

/// Where the primaries are that own anything, each with the first partition that it owns.
std::map<Endpoint, Partition> primaries_of(const Topology& topology);

}  // namespace dbha::shell
