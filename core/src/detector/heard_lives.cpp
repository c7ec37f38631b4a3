#include "detector/heard_lives.hpp"

namespace dbha {

void HeardLives::hear(const Topology& joined, const Topology* published, TimePoint now) {
  for (const auto& node : joined.nodes) {
    const Node* known = published ? published->node(node.id) : nullptr;
    if (node.run_id.empty() || (known && known->run_id == node.run_id)) continue;
    Life& life = lives_[node.id];
    if (life.run_id != node.run_id) life = {node.run_id, now};
  }
}

bool HeardLives::outdates(const View& view) const {
  const auto heard = lives_.find(view.node);
  return heard != lives_.end() && heard->second.run_id != view.run_id && view.asked <= heard->second.heard;
}

}  // namespace dbha
