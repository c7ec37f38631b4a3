#pragma once

#include <dbha/topology.hpp>

namespace dbha {

/// What an operator would say has changed. Routing follows the topology itself and events follow the marks; this is for
/// logs, `topology_changed` and the decision which connections move.
TopologyDiff diff(const Topology& before, const Topology& after);

/// "failover 0-5460 3f2a1b -> 9c0d77; membership 3f2a1b"; node ids are shortened.
std::string text_of(const TopologyDiff& diff);

/// The first eight characters: enough to tell the nodes of one cluster apart in a log line.
std::string short_id(const NodeId& id);

}  // namespace dbha
