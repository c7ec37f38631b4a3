#pragma once
/// How far a scan has come, and whom it has read: a value, no I/O. It goes through the partitions in rounds, because
/// they may change hands meanwhile: what was read of a node that has lost it by the end of the round is read again. A
/// position is a key of a partition and means the same on every node, so that a page goes on where another node's
/// ended.

#include <optional>
#include <string>

#include <dbha/versioned_store.hpp>

#include "memory/route.hpp"

namespace dbha::memory {

class ScanProgress {
 public:
  /// An election takes one or two: more is a database in turmoil.
  static constexpr unsigned most_rounds = 20;

  /// Where the next page is to begin, and up to where it may go.
  struct Position {
    PartitionRange range;
    std::string after{};
  };

  /// `partitions`: not empty.
  explicit ScanProgress(PartitionSet partitions) : round_(std::move(partitions)) { begin_range(0); }

  const Position& position() const { return position_; }
  /// The node has answered with all from the position up to this one.
  void read(const Endpoint& node, Partition next, std::string after);
  /// This round has read all that it was to.
  bool round_over() const { return index_ == round_.entries().size(); }
  /// Begins a round with what goes elsewhere by now. False: there is nothing left to read.
  bool begin_round(const Route& route);
  /// So many rounds that there will be no end.
  bool hopeless() const { return rounds_ > most_rounds; }
  const PartitionSet& round() const { return round_; }

 private:
  void begin_range(std::size_t index);

  PartitionSet round_;
  std::size_t index_ = 0;  // of its range that is being read
  Position position_{};
  PartitionMap<Endpoint> read_from_;  // who answered first for each partition of this round
  unsigned rounds_ = 1;
};

}  // namespace dbha::memory
