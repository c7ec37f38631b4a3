#pragma once
/// A map from partitions to values, kept as the fewest ranges: 16384 hash slots of three shards are three entries.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <dbha/types.hpp>

namespace dbha {

/// Ranges are sorted, do not overlap, and neighbours with equal values are one entry. A partition without an entry
/// has no value. A plain value type; T needs operator==.
template <class T>
class PartitionMap {
 public:
  struct Entry {
    PartitionRange range;
    T value;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  const std::vector<Entry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

  /// The value at p, nullptr where there is none. Valid until the map changes.
  const T* find(Partition p) const {
    auto it = std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.range.last < p; });
    return it != entries_.end() && it->range.contains(p) ? &it->value : nullptr;
  }

  /// How many partitions have a value.
  std::uint64_t size() const {
    std::uint64_t n = 0;
    for (const auto& e : entries_) n += e.range.size();
    return n;
  }

  /// Replaces whatever the range held.
  void set(PartitionRange range, T value) {
    if (!entries_.empty() && entries_.back().range.last < range.first) {  // the usual case: built in order
      append(range, std::move(value));
      return;
    }
    std::vector<Entry> before = std::move(entries_);
    entries_.clear();
    bool placed = false;
    for (auto& e : before) {
      if (e.range.first < range.first) {
        append({e.range.first, std::min(e.range.last, previous(range.first))}, e.value);
      }
      if (!placed && e.range.last >= range.first) {
        append(range, value);
        placed = true;
      }
      if (e.range.last > range.last) append({std::max(e.range.first, next(range.last)), e.range.last}, e.value);
    }
    if (!placed) append(range, std::move(value));
  }

  friend bool operator==(const PartitionMap&, const PartitionMap&) = default;

 private:
  static Partition next(Partition p) { return {p.value + 1}; }
  static Partition previous(Partition p) { return {p.value - 1}; }

  void append(PartitionRange range, T value) {
    if (!entries_.empty() && next(entries_.back().range.last) == range.first && entries_.back().value == value) {
      entries_.back().range.last = range.last;
    } else {
      entries_.push_back({range, std::move(value)});
    }
  }

  std::vector<Entry> entries_;
};

/// Marks a partition as a member of a set; sets of partitions merge and print like the maps.
struct Member {
  friend bool operator==(Member, Member) { return true; }
};
using PartitionSet = PartitionMap<Member>;

/// Calls visit(range, const A*, const B*) for each piece on which both maps are constant, in order; nullptr where a map
/// has no value. Pieces on which neither has a value are passed over.
template <class A, class B, class Visit>
void walk(const PartitionMap<A>& a, const PartitionMap<B>& b, Visit visit) {
  auto i = a.begin();
  auto j = b.begin();
  std::uint64_t at = 0;  // wider than a partition, so that the step past the last one cannot wrap
  while (i != a.end() || j != b.end()) {
    const bool has_a = i != a.end() && i->range.first.value <= at;
    const bool has_b = j != b.end() && j->range.first.value <= at;
    std::uint64_t until = UINT64_MAX;
    if (i != a.end())
      until = std::min<std::uint64_t>(until, has_a ? i->range.last.value : std::uint64_t{i->range.first.value} - 1);
    if (j != b.end())
      until = std::min<std::uint64_t>(until, has_b ? j->range.last.value : std::uint64_t{j->range.first.value} - 1);
    if (has_a || has_b) {
      visit(PartitionRange{{static_cast<std::uint32_t>(at)}, {static_cast<std::uint32_t>(until)}},
            has_a ? &i->value : nullptr, has_b ? &j->value : nullptr);
    }
    at = until + 1;
    if (i != a.end() && i->range.last.value < at) ++i;
    if (j != b.end() && j->range.last.value < at) ++j;
  }
}

}  // namespace dbha
