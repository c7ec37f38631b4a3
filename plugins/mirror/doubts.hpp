#pragma once
/// Of which partitions the database's copy is in doubt, through which dbrestart, and since when. Pure. Kept in the
/// store, so that a resync goes on where it stood.

#include <cstdint>
#include <string>
#include <vector>

#include <dbha/partition_map.hpp>

namespace dbha::mirror {

struct Doubt {
  std::string event;  ///< the id of the dbrestart
  PartitionSet partitions;
  std::int64_t since_ms = 0;  ///< what was confirmed before then is most likely there; ms since 1970; 0: not known
  friend bool operator==(const Doubt&, const Doubt&) = default;
};

class Doubts {
 public:
  Doubts() = default;
  explicit Doubts(std::vector<Doubt> doubts) : doubts_(std::move(doubts)) {}

  bool knows(const std::string& event) const;
  void add(Doubt doubt);
  /// That event has lost nothing after all. What another one brought into doubt remains so.
  void cancel(const std::string& event);
  /// These have been compared, and what differed is written.
  void settle(PartitionRange range);

  bool empty() const { return doubts_.empty(); }
  /// All of them.
  PartitionSet open() const;
  const std::vector<Doubt>& all() const { return doubts_; }

 private:
  std::vector<Doubt> doubts_;
};

}  // namespace dbha::mirror
