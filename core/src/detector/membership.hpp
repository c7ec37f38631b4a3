#pragma once
/// Who the nodes are: addresses, roles, incarnations. Nothing here decides who owns what.

#include "detector/candidate.hpp"

namespace dbha {

/// The members after this evidence: those that a majority of the answering voters list, and every owner. `claims` are
/// the ones about to be published. A role becomes replica at once, primary only when a published claim agrees or the
/// node claims nothing; a replid is emptied on becoming replica and otherwise changes only together with the node's
/// life or its published claims (R7).
std::vector<Node> members(const Topology& before, const PartitionMap<Claim>& claims, const Candidate& candidate,
                          const Evidence& evidence);

/// The node's present life is one that `node` is known to have left behind: an answer from before a restart (R4, C8).
bool from_an_earlier_life(const Node& node, const RunId& run_id);

}  // namespace dbha
