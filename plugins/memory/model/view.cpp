/// What a node says when it is asked: CLUSTER NODES, CLUSTER INFO and INFO in one.

#include "model/world.hpp"

namespace dbha::memory {

View World::view(Index i) const {
  const ClusterNode& n = nodes_[i];
  if (n.frozen) return *n.frozen;
  View out;
  out.node = n.id;
  out.endpoint = n.endpoint;
  out.role = self(i).role;
  out.ok = n.ok;
  out.current_epoch = n.picture.current_epoch;
  out.run_id = n.run_id;
  out.replid = n.replid;
  out.previous_replid = n.previous_replid;
  out.replication_offset = n.offset;
  out.previous_offset = n.previous_offset;
  std::map<Index, std::size_t> places;
  const auto report = [&](Index of, const Known& known) {
    places[of] = out.nodes.size();
    NodeReport& said = out.nodes.emplace_back();
    said.id = nodes_[of].id;
    said.endpoint = nodes_[of].endpoint;
    said.role = known.role;
    if (known.role == Role::replica && known.primary != nobody) said.primary = nodes_[known.primary].id;
    said.epoch = known.epoch;
    said.failing = of != i && known.failing();
  };
  report(i, self(i));
  for (const auto& [of, known] : n.picture.nodes)
    if (of != i) report(of, known);
  for (const auto& entry : n.picture.owners) {
    const auto place = places.find(entry.value);
    if (place != places.end()) out.nodes[place->second].owns.push_back(entry.range);
  }
  return out;
}

}  // namespace dbha::memory
