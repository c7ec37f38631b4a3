#pragma once
/// Which node a controller takes its messages from. Rendezvous hashing (Thaler, Ravishankar 1996): a fleet spreads over
/// the nodes, and when a node goes, only those that were on it move, each to a place of its own.

#include <string_view>
#include <vector>

#include <dbha/topology.hpp>

namespace dbha::memory {

/// All nodes, the client's first choice first. Points into the topology.
std::vector<const dbha::Node*> rendezvous_order(std::string_view client, const Topology& topology);

}  // namespace dbha::memory
