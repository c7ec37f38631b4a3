#pragma once

#include <string>

#include <dbha/partition_map.hpp>

namespace dbha {

/// "0-5460,5462": as an operator writes slots; "none" for an empty set.
std::string text_of(const PartitionSet& set);
std::string text_of(PartitionRange range);

/// Adds every range of `more` to `set`.
void add(PartitionSet& set, const PartitionSet& more);

/// The partitions that `owner` owns by these claims.
struct Topology;
PartitionSet partitions_of(const Topology& topology, const NodeId& owner);

}  // namespace dbha
