#include "redis/scan_plan.hpp"

#include <algorithm>

#include "redis/slot.hpp"
#include "redis/store_layout.hpp"

namespace dbha::redis {
namespace {

std::optional<Endpoint> target(Partition slot, const Route& route) {
  const Endpoint* to = route.target(slot);
  return to ? std::optional(*to) : std::nullopt;
}

template <class Visit>
void each_partition(const PartitionSet& partitions, Visit visit) {
  for (const auto& entry : partitions) {
    for (Partition p = entry.range.first; p <= entry.range.last; ++p.value) visit(p);
  }
}

}  // namespace

PartitionSet partitions_of(const ScanRange& range) {
  PartitionSet all;
  all.set({{0}, {slots - 1}}, {});
  const PartitionSet& asked = range.partitions.empty() ? all : range.partitions;
  if (!range.topic) return asked;
  const Partition home = slot_of(key_of({*range.table, *range.topic, {}}));
  PartitionSet one;
  if (asked.find(home)) one.set({home, home}, {});
  return one;
}

std::vector<ScanShare> shares_of(const PartitionSet& partitions, const Route& route) {
  std::vector<ScanShare> shares;
  each_partition(partitions, [&](Partition p) {
    const auto node = target(p, route);
    auto share =
        std::find_if(shares.begin(), shares.end(), [&](const ScanShare& before) { return before.node == node; });
    if (share == shares.end()) share = shares.insert(shares.end(), ScanShare{node, {}});
    share->partitions.set({p, p}, {});
  });
  return shares;
}

PartitionSet moved_away(const ScanShare& share, const Route& route) {
  PartitionSet moved;
  each_partition(share.partitions, [&](Partition p) {
    if (target(p, route) != share.node) moved.set({p, p}, {});
  });
  return moved;
}

PartitionSet ownerless(const PartitionSet& partitions, const Route& route) {
  PartitionSet none;
  each_partition(partitions, [&](Partition p) {
    if (!route.target(p)) none.set({p, p}, {});
  });
  return none;
}

std::string text_of(const PartitionSet& partitions) {
  constexpr std::size_t most = 8;
  std::string out;
  for (std::size_t i = 0; i < std::min(most, partitions.entries().size()); ++i) {
    const auto& [first, last] = partitions.entries()[i].range;
    out += (i ? ", " : "") + std::to_string(first.value);
    if (first != last) out += '-' + std::to_string(last.value);
  }
  if (partitions.entries().size() > most) out += " and more";
  return out;
}

}  // namespace dbha::redis
