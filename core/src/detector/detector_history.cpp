/// What the detector tells of its decisions: who bore them out, and what followed.
#include "detector/detector.hpp"
#include "topology/marks.hpp"
#include "topology/ranges.hpp"

namespace dbha {

void Detector::met(Sign sign, TimePoint now) {
  const Target* concerned = sign.node.empty() ? lookout_.target(sign.endpoint) : lookout_.target(sign.node);
  chronicle_.met(concerned ? concerned->shard : NodeId{}, std::move(sign), now);
}

/// What was overruled, with those that name it.
std::vector<ClaimChange> Detector::borne_out(const PartitionMap<Claim>& overruled, const Grasp& grasp,
                                             const Evidence& seen) const {
  std::vector<ClaimChange> out;
  if (overruled.empty()) return out;
  const auto sayings = sayings_of(seen);
  for (const auto& [range, claim] : overruled) {
    ClaimChange change{range, std::nullopt, claim, Road::overruled, {}};
    change.proof.voters = grasp.candidate.voters.size();
    change.proof.named =
        voices_of(voters_that_name(range.first, claim.owner, grasp.candidate, seen, sayings, TimePoint::min()));
    out.push_back(std::move(change));
  }
  return out;
}

void Detector::tell_publication(DetectorOutput& out, const Topology& before, const Grasp& grasp,
                                const std::vector<ClaimChange>& overruled, TimePoint now) {
  NewTopology& news = *out.publish;
  news.evidence = chronicle_.account(before.claims, news.topology->claims, grasp.decision.changes, overruled, now);
  const auto marked = due(news.topology->marks, before.marks);
  walk(marked, news.topology->marks, [&](PartitionRange range, const Member* set, const Mark* mark) {
    if (set && mark) news.marked.set(range, *mark);
  });
  news.told_before = out.records.size();
  record_losses(before.marks, news.topology->marks, out.records);
}

}  // namespace dbha
