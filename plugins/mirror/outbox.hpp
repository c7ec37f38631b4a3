#pragma once
/// Which entries are to be sent to the database next. Pure: numbers of rows and the time go in, numbers to send come
/// out. The rows themselves stay on disk, so a long outage costs no memory.
///
/// An entry is sent by itself: a newer version waits until the sending of the older has ended, so that per entry
/// nothing overtakes. Between entries no order is promised, and each sending may be repeated, because the database's
/// guard never replaces a newer version.
///
/// Entries go by lane, one for each primary: one that does not answer pauses its own lane, and nobody else's. What was
/// read for a lane that pauses is forgotten here and read again later; of the disk's order only a cursor is kept.

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <dbha/topology.hpp>
#include <dbha/types.hpp>

namespace dbha::mirror {

struct OutboxLimits {
  std::size_t under_way = 512;            ///< sent and not answered, in each lane
  std::size_t bytes_under_way = 8 << 20;  ///< the same; one entry may always be
  std::size_t ready = 2048;               ///< read from disk and not sent, in each lane
  std::size_t tried = 8;                  ///< under way in a lane that did not answer last time
  Duration first_pause = std::chrono::milliseconds(100);
  Duration longest_pause = std::chrono::seconds(2);
  Duration aside_pause = std::chrono::seconds(10);  ///< doubled for as long as nothing is confirmed
  Duration longest_aside = std::chrono::minutes(2);
};

class Outbox {
 public:
  /// Which primary owns the partition, by its present topology; empty if none is known.
  using LaneOf = std::function<NodeId(Partition)>;

  struct Item {
    std::int64_t number;
    Partition partition;
    std::size_t bytes;
  };
  /// How a sending ended.
  enum class Ending {
    confirmed,  ///< nothing of this entry waits any more
    rewritten,  ///< it was written again meanwhile: that waits
    failed,     ///< no answer, or none that counts: the primary may be away
    set_aside,  ///< it could not be brought to an end for a reason of its own: later once more
  };

  explicit Outbox(LaneOf lane_of, OutboxLimits limits = {})
      : lane_of_(std::move(lane_of)), limits_(limits), aside_(limits.aside_pause) {}

  /// A write was committed.
  void accepted(const Item& item, TimePoint now);
  /// The outbox on disk holds what was never said here: at the start, and when confirmed entries came to be in doubt.
  void grown_on_disk(TimePoint now) { read_again(now); }

  /// Behind which number the outbox on disk is to be read now; nothing: it need not.
  std::optional<std::int64_t> read_from(TimePoint now);
  /// What was read there. `end`: it was the last.
  void read(const std::vector<Item>& items, bool end, TimePoint now);

  /// What is to be sent now; each ends with ended().
  std::vector<std::int64_t> due(TimePoint now);
  void ended(std::int64_t number, Ending ending, TimePoint now);

  /// When to ask again, if nothing else happens before; nothing: there is no need.
  std::optional<TimePoint> next(TimePoint now) const;
  /// Some primary did not answer last time.
  bool database_away() const;
  std::size_t under_way() const { return under_way_.size(); }

 private:
  struct Lane {
    std::deque<Item> ready;
    std::size_t under_way = 0;
    std::size_t bytes = 0;
    Duration pause{};  ///< 0: the last answer was good
    TimePoint paused_until{};
  };
  struct UnderWay {
    NodeId lane;
    Item item;
    bool rewritten = false;
  };

  void enqueue(const Item& item, TimePoint now);
  bool may_read() const;
  bool room(const Lane& lane, const Item& item) const;
  void send_from(const NodeId& id, Lane& lane, std::vector<std::int64_t>& out);
  void pause(Lane& lane, TimePoint now);
  void read_again(TimePoint at);
  void set_aside(TimePoint now);

  LaneOf lane_of_;
  OutboxLimits limits_;
  std::map<NodeId, Lane> lanes_;
  std::unordered_map<std::int64_t, UnderWay> under_way_;
  std::unordered_set<std::int64_t> ready_;
  Duration aside_;  ///< the pause of those that are set aside now
  TimePoint aside_until_{};
  std::optional<std::int64_t> cursor_;      ///< of the reading that is under way
  std::optional<TimePoint> read_again_at_;  ///< something is on disk that is not here
};

}  // namespace dbha::mirror
