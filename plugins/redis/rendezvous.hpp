#pragma once
/// Which node a controller takes its messages from. Rendezvous hashing (Thaler, Ravishankar 1996): a fleet spreads
/// evenly over the nodes, and when a node goes, only those that were on it move, each to a place of its own.

#include <string_view>
#include <vector>

#include <dbha/topology.hpp>

namespace dbha::redis {

/// The same in every process and release, or a rolling upgrade would move a whole fleet.
std::uint64_t rendezvous_score(std::string_view client, std::string_view node);

/// All nodes that have an address, the client's first choice first. Points into the topology.
std::vector<const Node*> rendezvous_order(std::string_view client, const Topology& topology);

}  // namespace dbha::redis
