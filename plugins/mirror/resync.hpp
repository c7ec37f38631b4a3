#pragma once
/// What follows from a dbrestart. Of a pushing mirror: first what was confirmed since the partitions were last seen
/// well is written again, the newest first, for that is what is most likely lost; then all their entries are compared
/// by version, and what the database lacks or has older is written. Both through the database's guard, which leaves
/// alone what is newer. A cache takes over what the database has newer. Then the database is scanned for what the store
/// does not know, if that may have to be taken over or removed; and what one side lacked is looked at again, some time
/// later.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <dbha/consistency.hpp>

#include "mirror/doubts.hpp"
#include "mirror/emptied.hpp"
#include "mirror/inquiry.hpp"
#include "mirror/listing.hpp"
#include "mirror/local_mirror.hpp"
#include "mirror/second_pass.hpp"

namespace dbha::mirror {

struct ResyncLimits {
  double rate = 0;  ///< entries a second; 0: no limit
  /// Partitions that are settled together, after which what was accepted meanwhile is taken in.
  std::uint32_t stretch = 256;
};

/// On any thread that may wait: one at a time, others wait for their turn.
class Resync {
 public:
  Resync(LocalMirror& mirror, VersionedStore& database, ResyncLimits limits, Log& log);

  /// True: nothing is in doubt any more, by this event or by one that came meanwhile. False: it was stopped, or the
  /// store cannot be read; what has been settled remains so.
  bool run(const DbRestart& event);
  /// An event has been accepted: a run that is under way takes it in.
  void accepted(const Event& event);
  /// A run ends soon.
  void stop();
  std::optional<Progress> progress() const;
  std::string trouble() const { return listing_.trouble(); }

 private:
  bool settle(const DbRestart& event);
  void recall();
  void forget();
  void require_stored();
  void take(const DbRestart& event);
  void take_in_accepted();
  void keep();
  void list();
  void note_complete();
  bool look_again();
  bool anything_accepted() const;
  void replay();
  void replay(const PartitionSet& partitions, std::int64_t since_ms);
  void compare(PartitionRange range);
  void compare(std::vector<Head> heads);
  void look(std::vector<Head> heads);
  void judge(const std::vector<Head>& heads, const BatchResult& result);
  void write(const std::vector<std::int64_t>& numbers);
  void write(std::vector<Row> rows);
  void written(const std::vector<Row>& rows, const BatchResult& result);
  void adopt(const EntryName& name);
  void begin_progress(const char* doing, std::uint64_t total);
  void advance(std::size_t entries);

  LocalMirror& mirror_;
  VersionedStore& database_;
  ResyncLimits limits_;
  Log& log_;
  Inquiry inquiry_;
  Listing listing_;
  SecondPass second_pass_;
  std::mutex turn_;                            ///< of the run
  bool recalled_ = false;                      ///< what the store kept of the two
  Doubts doubts_;                              ///< to be compared
  Doubts unlisted_;                            ///< to be scanned for what the store does not know
  PartitionSet listed_;                        ///< in this run
  std::shared_ptr<const Topology> listed_in_;  ///< the topology when the first of them was
  Duration list_again_{};                      ///< the pause after somebody did not answer
  std::set<std::string> replayed_;             ///< events, in this run
  Emptied emptied_;
  std::uint64_t rewritten_ = 0;
  std::uint64_t adopted_ = 0;
  std::uint64_t removed_ = 0;

  mutable std::mutex mutex_;
  bool running_ = false;
  std::vector<Event> accepted_;     ///< while running
  std::set<std::string> taken_in_;  ///< events whose own turn is still to come
  std::optional<Progress> progress_;
};

}  // namespace dbha::mirror
