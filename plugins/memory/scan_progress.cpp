#include "memory/scan_progress.hpp"

#include <utility>

namespace dbha::memory {

void ScanProgress::begin_range(std::size_t index) {
  index_ = index;
  if (!round_over()) position_ = {round_.entries()[index].range};
}

void ScanProgress::read(const Endpoint& node, Partition next, std::string after) {
  const bool stands_in_next = !after.empty();
  Partition first = position_.range.first;
  if (!position_.after.empty()) ++first.value;  // whoever began with it remains
  const PartitionRange begun{first, {stands_in_next ? next.value : next.value - 1}};
  if (begun.first <= begun.last) read_from_.set(begun, node);
  position_.range.first = next;
  position_.after = std::move(after);
  if (next > position_.range.last) begin_range(index_ + 1);
}

bool ScanProgress::begin_round(const Route& route) {
  PartitionSet moved;
  for (const auto& entry : read_from_) {
    for (Partition p = entry.range.first; p <= entry.range.last; ++p.value) {
      const Endpoint* now = route.target(p);
      if (!now || *now != entry.value) moved.set({p, p}, {});
    }
  }
  read_from_ = {};
  round_ = std::move(moved);
  ++rounds_;
  begin_range(0);
  return !round_.empty();
}

}  // namespace dbha::memory
