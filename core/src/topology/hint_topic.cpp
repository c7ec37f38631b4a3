#include "topology/hint_topic.hpp"

#include <algorithm>

namespace dbha {
namespace {

HintClass class_of(HintKind kind) {
  switch (kind) {
    case HintKind::connection_lost:
    case HintKind::refused:
    case HintKind::silent:
      return HintClass::gone;
    case HintKind::demoted:
    case HintKind::epoch_rose:
    case HintKind::redirected:
    case HintKind::read_only:
      return HintClass::moved;
    case HintKind::unavailable:
      break;
  }
  return HintClass::unavailable;
}

const Node* node_of(const Hint& hint, const Topology& topology) {
  if (!hint.node.empty()) return topology.node(hint.node);
  const auto at = std::find_if(topology.nodes.begin(), topology.nodes.end(),
                               [&](const Node& node) { return node.endpoint == hint.endpoint; });
  if (at != topology.nodes.end()) return &*at;
  return hint.partition ? topology.owner(*hint.partition) : nullptr;
}

}  // namespace

HintTopic topic_of(const Hint& hint, const Topology* topology) {
  HintTopic out{.kind = class_of(hint.kind), .shard = {}, .endpoint = {}};
  const Node* node = topology ? node_of(hint, *topology) : nullptr;
  if (!node) {
    out.endpoint = hint.endpoint;
  } else {
    out.shard = node->role == Role::replica && !node->primary.empty() ? node->primary : node->id;
  }
  return out;
}

}  // namespace dbha
