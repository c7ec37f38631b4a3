#pragma once

#include <algorithm>
#include <string>

#include <dbha/partition_map.hpp>
#include <dbha/topology_text.hpp>

namespace dbha {

/// The range cut into pieces at those of the borders that lie within it; each border is the first partition of a piece.
/// They are sorted.
std::vector<PartitionRange> cut(PartitionRange range, const std::vector<std::uint32_t>& borders);

/// Calls visit(range, value) for each piece of the map within the range. Unlike walk() it steps over nothing else.
template <class T, class Visit>
void within(const PartitionMap<T>& map, PartitionRange range, Visit visit) {
  const auto& all = map.entries();
  auto it = std::partition_point(all.begin(), all.end(), [&](const auto& e) { return e.range.last < range.first; });
  for (; it != all.end() && it->range.first <= range.last; ++it)
    visit(PartitionRange{std::max(it->range.first, range.first), std::min(it->range.last, range.last)}, it->value);
}

/// Adds every range of `more` to `set`.
void add(PartitionSet& set, const PartitionSet& more);

/// The partitions that are in both.
PartitionSet both(const PartitionSet& a, const PartitionSet& b);

/// The partitions that `owner` owns by these claims.
PartitionSet partitions_of(const Topology& topology, const NodeId& owner);

}  // namespace dbha
