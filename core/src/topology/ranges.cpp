#include "topology/ranges.hpp"

#include <algorithm>

#include <dbha/topology.hpp>

namespace dbha {

std::vector<PartitionRange> cut(PartitionRange range, const std::vector<std::uint32_t>& borders) {
  std::vector<PartitionRange> out;
  auto next = std::upper_bound(borders.begin(), borders.end(), range.first.value);
  for (; next != borders.end() && *next <= range.last.value; ++next) {
    out.push_back({range.first, {*next - 1}});
    range.first = {*next};
  }
  out.push_back(range);
  return out;
}

void add(PartitionSet& set, const PartitionSet& more) {
  for (const auto& entry : more) set.set(entry.range, {});
}

PartitionSet both(const PartitionSet& a, const PartitionSet& b) {
  PartitionSet out;
  walk(a, b, [&](PartitionRange range, const Member* here, const Member* there) {
    if (here && there) out.set(range, {});
  });
  return out;
}

PartitionSet partitions_of(const Topology& topology, const NodeId& owner) {
  PartitionSet out;
  for (const auto& entry : topology.claims)
    if (entry.value.owner == owner) out.set(entry.range, {});
  return out;
}

}  // namespace dbha
