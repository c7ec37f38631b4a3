#pragma once
/// The dbrestarts that were told with an unknown loss, until the marks say what it was.

#include <optional>
#include <vector>

#include <dbha/events.hpp>

namespace dbha {

/// Of one handler. Pure. Not stored: what another process told stays unknown.
class OpenLosses {
 public:
  /// `marks`: those that the event was told for; `handled`: before it. `followed`: as for due_restarts(); one event
  /// that stands for several changes is not: its `none` would speak of the last one only.
  void told(const DbRestart& event, const PartitionMap<Mark>& marks, const std::optional<PartitionMap<Mark>>& handled,
            bool followed);
  /// One event stands for these too now, before anybody has begun with them; what is new in it was told() under its id.
  void merge(const std::vector<DbRestart>& replaced, const DbRestart& into);
  /// Nothing more is to be said of these: they have become one with an order by hand, which no evidence ends.
  void forget(const std::vector<DbRestart>& events);
  /// What has become known by these marks, each event once.
  std::vector<LossKnown> learn(const PartitionMap<Mark>& marks);

 private:
  struct Told {
    DbRestart event;
    PartitionMap<Mark> marks;
    bool provable = false;  ///< that nothing was lost
  };
  static void drop_replaced(Told& entry, const PartitionMap<Mark>& marks);
  static LossKnown known_of(const Told& entry, const PartitionMap<Mark>& marks);
  bool watches(const std::string& id) const;

  std::vector<Told> told_;
};

}  // namespace dbha
