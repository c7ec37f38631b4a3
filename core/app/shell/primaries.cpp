#include "shell/primaries.hpp"

namespace dbha::shell {

std::map<Endpoint, Partition> primaries_of(const Topology& topology) {
  std::map<Endpoint, Partition> out;
  for (const auto& [range, claim] : topology.claims)
    if (const Node* owner = topology.node(claim.owner)) out.try_emplace(owner->endpoint, range.first);
  return out;
}

}  // namespace dbha::shell
