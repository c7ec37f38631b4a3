#pragma once

#include <deque>
#include <optional>

#include <dbha/events.hpp>

#include "controller/restarts.hpp"
#include "topology/marks.hpp"

namespace dbha::sim {

/// What a controller's process stores for its handler: the marks handled, and the events not finished. As EventHub and
/// StateStore do it, without a file.
struct RestartStore {
  std::optional<PartitionMap<Mark>> handled;
  std::deque<DbRestart> pending;

  /// The events due now, stored together with the marks.
  std::vector<DbRestart> accept(const PartitionMap<Mark>& marks, bool partial) {
    auto events = due_restarts(marks, handled);
    handled = handled ? handle_marks(*handled, marks) : marks;
    for (auto& event : events) {
      event.partial = partial;
      pending.push_back(event);
    }
    return events;
  }
};

}  // namespace dbha::sim
