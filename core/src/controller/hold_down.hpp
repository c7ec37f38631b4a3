#pragma once
/// A shard that flaps: its first dbrestart goes out at once, all later ones within the hold-down become one at its end.
/// Nothing is dropped: what is held back is not handled, so whoever computes again finds it due again, also another
/// process after a restart.

#include <optional>
#include <vector>

#include <dbha/events.hpp>

namespace dbha {

/// Of one handler. Pure: marks and the time in, events out.
class HoldDown {
 public:
  /// A length of 0 holds nothing back.
  explicit HoldDown(Duration length) : length_(length) {}

  struct Verdict {
    std::vector<DbRestart> events;  ///< to be told now; ids are the caller's to give
    std::size_t trailing = 0;       ///< so many of them, the first ones, may stand for several changes
    PartitionMap<Mark> handled;     ///< what is handled once they are told: without what is held back
  };
  /// `handled`: nothing for a handler without memory. Its event of the start tells of no change, and begins no
  /// hold-down. `followed`: as for due_restarts().
  Verdict take(const PartitionMap<Mark>& marks, const std::optional<PartitionMap<Mark>>& handled, bool followed,
               TimePoint now);

  /// When take() is due again: the first end of a hold-down that holds something back.
  std::optional<TimePoint> due() const;
  /// The partitions with a dbrestart that is held back.
  PartitionSet held() const;

 private:
  /// Begun by one event, for its partitions.
  struct Window {
    PartitionSet partitions;
    TimePoint until;
    PartitionSet held;
    std::int64_t last_healthy_ms = 0;  ///< the earliest of all changes held back: the marks know the newest only
    bool lost = false;                 ///< one of them is known to have lost writes
  };
  static void note(Window& window, const PartitionMap<Mark>& marks);
  static DbRestart trailing(const Window& window, std::vector<DbRestart> events);

  Duration length_;
  std::vector<Window> windows_;  ///< no partition is in two of them
};

}  // namespace dbha
