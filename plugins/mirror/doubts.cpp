#include "mirror/doubts.hpp"

#include <algorithm>
#include <utility>

namespace dbha::mirror {
namespace {

PartitionSet without(const PartitionSet& set, PartitionRange range) {
  PartitionSet taken;
  taken.set(range, {});
  PartitionSet out;
  walk(set, taken, [&](PartitionRange piece, const Member* in, const Member* gone) {
    if (in && !gone) out.set(piece, {});
  });
  return out;
}

}  // namespace

bool Doubts::knows(const std::string& event) const {
  return std::any_of(doubts_.begin(), doubts_.end(), [&](const Doubt& d) { return d.event == event; });
}

void Doubts::add(Doubt doubt) {
  if (!doubt.partitions.empty()) doubts_.push_back(std::move(doubt));
}

void Doubts::cancel(const std::string& event) {
  std::erase_if(doubts_, [&](const Doubt& d) { return d.event == event; });
}

void Doubts::settle(PartitionRange range) {
  for (auto& doubt : doubts_) doubt.partitions = without(doubt.partitions, range);
  std::erase_if(doubts_, [](const Doubt& d) { return d.partitions.empty(); });
}

PartitionSet Doubts::open() const {
  PartitionSet out;
  for (const auto& doubt : doubts_)
    for (const auto& entry : doubt.partitions) out.set(entry.range, {});
  return out;
}

}  // namespace dbha::mirror
