#pragma once

#include <dbha/topology.hpp>
#include <dbha/topology_text.hpp>

namespace dbha {

/// What an operator would say has changed. Routing follows the topology itself and events follow the marks; this is for
/// logs, `topology_changed` and the decision which connections move.
TopologyDiff diff(const Topology& before, const Topology& after);

}  // namespace dbha
