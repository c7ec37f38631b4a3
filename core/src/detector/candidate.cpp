#include "detector/candidate.hpp"

#include "topology/join.hpp"

namespace dbha {
namespace {

PartitionMap<Claim> merged_claims(const Evidence& evidence, const std::set<NodeId>& disowned) {
  PartitionMap<Claim> out;
  for (const auto& [id, view] : evidence.views) {
    if (disowned.contains(id)) continue;
    PartitionMap<Claim> next;
    walk(out, claims_in(*view), [&](PartitionRange range, const Claim* a, const Claim* b) {
      if (b && disowned.contains(b->owner)) b = nullptr;
      if (!a && !b) return;
      next.set(range, !b || (a && !wins(*b, *a)) ? *a : *b);
    });
    out = std::move(next);
  }
  return out;
}

std::set<NodeId> owners_of(const PartitionMap<Claim>& claims) {
  std::set<NodeId> out;
  for (const auto& entry : claims) out.insert(entry.value.owner);
  return out;
}

std::set<NodeId> named_in_views(const Evidence& evidence) {
  std::set<NodeId> out;
  for (const auto& [id, view] : evidence.views)
    for (const auto& report : view->nodes) out.insert(report.id);
  return out;
}

/// Of at least two answering primaries other than the node itself, and at least half of the voters, more than half do
/// not list it.
bool is_disowned(const NodeId& id, const Evidence& evidence, std::size_t voters) {
  std::size_t answering = 0;
  std::size_t not_listing = 0;
  for (const auto& [other, view] : evidence.views) {
    if (other == id || !evidence.answering_primary(other)) continue;
    ++answering;
    if (!report_on(*view, id)) ++not_listing;
  }
  return answering >= 2 && 2 * answering >= voters && 2 * not_listing > answering;
}

}  // namespace

Candidate candidate_of(const Evidence& evidence, Voters trait) {
  Candidate out;
  out.claims = merged_claims(evidence, {});
  const auto all = named_in_views(evidence);
  const auto voters_before = owners_of(out.claims).size();
  for (const auto& id : all)
    if (is_disowned(id, evidence, voters_before)) out.disowned.insert(id);
  if (!out.disowned.empty()) out.claims = merged_claims(evidence, out.disowned);
  out.voters = trait == Voters::owners ? owners_of(out.claims) : all;
  for (const auto& id : out.disowned) out.voters.erase(id);
  return out;
}

bool majority(std::size_t count, const Candidate& candidate) {
  return 2 * count > candidate.voters.size();
}

}  // namespace dbha
