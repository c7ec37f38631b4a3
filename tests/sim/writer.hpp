#pragma once
/// The application of a controller: it writes its data, and when a dbrestart says that some of it may be gone it writes
/// that again until it is acknowledged. Nothing else keeps the data in the database, so that at the end of a run what
/// is missing there tells of a dbrestart that was missed.

#include "connections.hpp"
#include "own_data.hpp"

namespace dbha::sim {

class Writer {
 public:
  /// `done`: an event has been handled.
  Writer(Site& site, Random random, OwnData& data, Connections& connections, Duration pause,
         std::function<void()> done);

  /// One event at a time: what of the own data lies in these partitions is written again.
  void begin(const PartitionSet& partitions);
  bool busy() const { return handling_; }

 private:
  void write_some();
  void write(std::size_t item, std::uint64_t token);
  void on_written(std::size_t item, std::uint64_t token, bool acknowledged);
  void again(std::size_t item);
  void finish_if_done();

  Site& site_;
  Random random_;
  OwnData& data_;
  Connections& connections_;
  Duration pause_;
  std::function<void()> done_;
  std::vector<char> under_way_;  ///< one write a key at a time: two could arrive in the other order
  std::vector<char> wanted_;     ///< still to be written again
  bool handling_ = false;
  Life life_;
};

}  // namespace dbha::sim
