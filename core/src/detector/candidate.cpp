#include "detector/candidate.hpp"

#include <algorithm>

#include "topology/join.hpp"

namespace dbha {
namespace {

PartitionMap<Claim> merged_claims(const std::vector<Saying>& sayings, const std::set<NodeId>& disowned) {
  PartitionMap<Claim> out;
  for (const auto& [chart, by] : sayings) {
    if (std::all_of(by.begin(), by.end(), [&](const NodeId& id) { return disowned.contains(id); })) continue;
    PartitionMap<Claim> next;
    walk(out, chart->claims, [&](PartitionRange range, const Claim* a, const Claim* b) {
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

std::set<NodeId> named_in_views(const std::vector<Saying>& sayings) {
  std::set<NodeId> out;
  for (const auto& saying : sayings)
    for (const auto& report : saying.chart->nodes) out.insert(report.id);
  return out;
}

/// Of at least two answering primaries other than the node itself, and at least half of the voters, more than half do
/// not list it. Counted in one pass over what is said at all: node by node it would take the cube of their number.
std::set<NodeId> disowned_of(const std::set<NodeId>& all, const std::vector<Saying>& sayings, const Evidence& evidence,
                             std::size_t voters) {
  std::set<NodeId> answering;
  std::map<NodeId, std::size_t> listed;
  for (const auto& [chart, by] : sayings) {
    std::size_t primaries = 0;
    for (const auto& id : by) {
      if (!evidence.answering_primary(id)) continue;
      answering.insert(id);
      ++primaries;
      if (chart->report_on(id)) --listed[id];  // its own word on itself does not count, but is counted below
    }
    if (primaries == 0) continue;
    for (const auto& report : chart->nodes) listed[report.id] += primaries;
  }
  std::set<NodeId> out;
  for (const auto& id : all) {
    const std::size_t others = answering.size() - answering.count(id);
    const std::size_t not_listing = others - listed[id];
    if (others >= 2 && 2 * others >= voters && 2 * not_listing > others) out.insert(id);
  }
  return out;
}

}  // namespace

Candidate candidate_of(const Evidence& evidence, Voters trait) {
  Candidate out;
  const auto sayings = sayings_of(evidence);
  out.claims = merged_claims(sayings, {});
  const auto all = named_in_views(sayings);
  out.disowned = disowned_of(all, sayings, evidence, owners_of(out.claims).size());
  if (!out.disowned.empty()) out.claims = merged_claims(sayings, out.disowned);
  out.voters = trait == Voters::owners ? owners_of(out.claims) : all;
  for (const auto& id : out.disowned) out.voters.erase(id);
  return out;
}

bool majority(std::size_t count, const Candidate& candidate) {
  return 2 * count > candidate.voters.size();
}

}  // namespace dbha
