#include "model/truth.hpp"

#include <algorithm>

namespace dbha::memory {
namespace {

struct Bid {
  Epoch epoch;
  Index node = nobody;
  friend bool operator==(const Bid&, const Bid&) = default;
};

bool beats(const Bid& a, const Bid& b, const std::vector<ClusterNode>& nodes) {
  if (a.epoch != b.epoch) return a.epoch > b.epoch;
  return nodes[a.node].id < nodes[b.node].id;
}

PartitionMap<Bid> bids(const std::vector<ClusterNode>& nodes) {
  PartitionMap<Bid> best;
  for (Index i = 0; i < nodes.size(); ++i) {
    const Known* self = nodes[i].picture.find(i);
    if (nodes[i].removed || self->role != Role::primary) continue;
    const Bid bid{self->epoch, i};
    PartitionMap<Bid> merged;
    walk(best, nodes[i].picture.owned_by(i), [&](PartitionRange range, const Bid* other, const Member* claimed) {
      const bool mine = claimed && (!other || beats(bid, *other, nodes));
      merged.set(range, mine ? bid : *other);  // NOLINT(clang-analyzer-core.*): one of them is there
    });
    best = std::move(merged);
  }
  return best;
}

TrueChange::Kind kind_of(const Holder& before, const Holder& after, TrueChange::Kind how) {
  return before.owner == after.owner ? TrueChange::Kind::restart : how;
}

}  // namespace

PartitionMap<Holder> holders(const std::vector<ClusterNode>& nodes, const PartitionMap<Holder>& before) {
  PartitionMap<Holder> out;
  walk(bids(nodes), before, [&](PartitionRange range, const Bid* bid, const Holder* last) {
    out.set(range, bid ? Holder{bid->node, nodes[bid->node].life} : *last);
  });
  return out;
}

std::vector<TrueChange> changes_between(const std::vector<ClusterNode>& nodes, const PartitionMap<Holder>& before,
                                        const PartitionMap<Holder>& after, TrueChange::Kind how, TimePoint now) {
  std::vector<TrueChange> out;
  walk(before, after, [&](PartitionRange range, const Holder* was, const Holder* is) {
    if (!was || !is || *was == *is) return;
    const TrueChange change{kind_of(*was, *is, how), now, nodes[was->owner].id, nodes[is->owner].id, {range}};
    const auto same = std::find_if(out.begin(), out.end(), [&](const TrueChange& other) {
      return other.kind == change.kind && other.before == change.before && other.after == change.after;
    });
    if (same == out.end()) {
      out.push_back(change);
    } else {
      same->partitions.push_back(range);
    }
  });
  return out;
}

}  // namespace dbha::memory
