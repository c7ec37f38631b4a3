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
  /// What has become known by these marks, each event once.
  std::vector<LossKnown> learn(const PartitionMap<Mark>& marks);

 private:
  struct Told {
    DbRestart event;
    PartitionMap<Mark> marks;
    bool provable = false;  ///< that nothing was lost
  };
  std::vector<Told> told_;
};

}  // namespace dbha
