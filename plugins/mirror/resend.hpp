#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include <dbha/consistency.hpp>

#include "mirror/local_mirror.hpp"

namespace dbha::mirror {

/// What follows from a dbrestart: all that the database has confirmed of its partitions goes to the outbox once more,
/// and from there to the database, whose guard leaves alone what is there. On the handler's thread, but for stop() and
/// progress().
class Resend {
 public:
  Resend(LocalMirror& mirror, Log& log) : mirror_(mirror), log_(log) {}

  /// True: all of it is in the outbox, which a crash does not empty.
  bool run(const PartitionSet& partitions);
  /// A run ends soon.
  void stop();
  std::optional<Progress> progress() const;

 private:
  bool doubt(PartitionRange range);
  void advance(std::uint64_t partitions);

  LocalMirror& mirror_;
  Log& log_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::optional<Progress> progress_;
};

}  // namespace dbha::mirror
