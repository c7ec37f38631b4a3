#include "controller/self_read.hpp"

#include "detector/membership.hpp"
#include "topology/validate.hpp"

namespace dbha {

SelfRead::SelfRead(std::vector<Endpoint> seeds, std::uint32_t partitions, Voters voters)
    : partitions_(partitions), voters_(voters), known_(seeds.begin(), seeds.end()) {}

std::vector<Endpoint> SelfRead::to_ask() {
  std::vector<Endpoint> out;
  for (const auto& endpoint : known_)
    if (asked_.insert(endpoint).second) out.push_back(endpoint);
  waiting_.insert(out.begin(), out.end());
  return out;
}

void SelfRead::on_view(View view) {
  waiting_.erase(view.endpoint);
  if (violation_of(view, partitions_)) return;
  // One node may hand out an old map: all of them are asked, and the claim with the highest epoch counts.
  for (const auto& report : view.nodes) known_.insert(report.endpoint);
  observations_.take(std::move(view));
}

std::optional<Topology> SelfRead::result() const {
  const Evidence evidence = this->evidence();
  if (evidence.views.empty()) return std::nullopt;
  const Candidate candidate = candidate_of(evidence, voters_);
  Topology out;
  out.partitions = partitions_;
  out.claims = candidate.claims;
  out.nodes = members(Topology{}, out.claims, candidate, evidence);
  return out;
}

}  // namespace dbha
