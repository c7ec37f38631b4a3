#pragma once

#include "simulation.hpp"

namespace dbha::sim {

struct Shrunk {
  Simplification simplification;
  Course course;  ///< of the schedule simplified by it, with its lines
};

/// Leaves out of a failing schedule whatever the failure does not need: faults, the troubles of the bus, controllers,
/// detectors, shards. What remains still shows a violation of this kind.
Shrunk shrink(const Schedule& schedule, const std::string& kind, const RunOptions& options = {});

}  // namespace dbha::sim
