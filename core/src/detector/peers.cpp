#include "detector/peers.hpp"

#include <algorithm>

namespace dbha {
namespace {

/// Where both name the same owner: another detector may vouch for another one.
PartitionSet equally_owned(const PartitionMap<Claim>& a, const PartitionMap<Claim>& b) {
  PartitionSet out;
  walk(a, b, [&](PartitionRange range, const Claim* here, const Claim* there) {
    if (here && there && here->owner == there->owner) out.set(range, {});
  });
  return out;
}

}  // namespace

PartitionSet vouched_by(const Feed& peers, const PartitionMap<Claim>& published, TimePoint now) {
  PartitionSet out;
  for (const auto& peer : peers.heard(now)) {
    if (!peer.live || peer.degraded) continue;
    const PartitionSet& vouched = peers.beats().at(peer.detector).vouched;
    walk(vouched, equally_owned(published, peer.topology->claims),
         [&](PartitionRange range, const Member* word, const Member* same) {
           if (word && same) out.set(range, {});
         });
  }
  return out;
}

std::shared_ptr<const Topology> joined_with(const std::shared_ptr<const Topology>& own, std::vector<NodeId> reach,
                                            std::vector<Heard> others, std::uint32_t partitions) {
  std::erase_if(others, [&](const Heard& h) { return h.topology->partitions != partitions; });
  if (others.empty()) return own;
  static const Topology nothing;
  // The empty name is the smallest: ties are this detector's.
  if (own) others.push_back({"", own, true, false, std::move(reach)});
  Topology joined = join(own ? *own : nothing, others);
  return own && joined == *own ? own : std::make_shared<const Topology>(std::move(joined));
}

}  // namespace dbha
