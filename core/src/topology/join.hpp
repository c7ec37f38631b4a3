#pragma once
/// R4: what a controller (and a peer) makes of the topologies it hears. Claims are ordered by epoch, partition by
/// partition, so the order of arrival does not matter, nothing goes backwards, and several detectors need no leader.

#include <string>
#include <vector>

#include <dbha/bus.hpp>
#include <dbha/topology.hpp>

namespace dbha {

/// The latest topology of one detector, and how far the detector is to be followed for what no epoch orders.
struct Heard {
  std::string detector;
  std::shared_ptr<const Topology> topology;
  bool live = false;          ///< its beat is younger than three seconds
  bool degraded = false;      ///< it has no majority, by its own word
  std::vector<NodeId> reach;  ///< nodes it has a fresh own answer from
};

/// Pure: `previous` is what is in use, `heard` the latest of each detector. Generation first; topologies of a lower
/// generation are ignored. Then claims by (epoch, turn, smaller owner id), marks by their order (of two that
/// differ in the stream alone, the owner's present one), incarnations by
/// succession of run ids; addresses, roles and incarnations that nothing orders from the preferred detector: one that
/// reaches the node, then one that is live and not degraded, then the smallest id. Unknown never replaces known.
Topology join(const Topology& previous, const std::vector<Heard>& heard);

/// Whether claim a wins over b at one partition.
bool wins(const Claim& a, const Claim& b);

}  // namespace dbha
