#include "detector/overruling.hpp"

#include <algorithm>
#include <optional>

#include "topology/ranges.hpp"

namespace dbha {
namespace {

/// What answering voters name, and how many of them: most say the same, and it is read once for all of them.
struct Votes {
  std::shared_ptr<const Chart> chart;
  std::size_t count;
};

std::vector<Votes> votes_of(const Candidate& candidate, const Evidence& evidence) {
  std::vector<Votes> out;
  for (auto& [chart, by] : sayings_of(evidence)) {
    const auto count =
        std::count_if(by.begin(), by.end(), [&](const auto& id) { return candidate.voters.contains(id); });
    if (count > 0) out.push_back({chart, static_cast<std::size_t>(count)});
  }
  return out;
}

std::vector<std::uint32_t> borders_of(const std::vector<Votes>& votes) {
  std::vector<std::uint32_t> out;
  for (const auto& vote : votes)
    for (const auto& entry : vote.chart->claims) {
      out.push_back(entry.range.first.value);
      out.push_back(entry.range.last.value + 1);
    }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

/// The owner that a majority names, with the highest epoch that a majority reaches.
std::optional<Claim> named(Partition p, const std::vector<Votes>& votes, const Candidate& candidate) {
  std::map<NodeId, std::vector<Epoch>> by_owner;
  for (const auto& [chart, count] : votes)
    if (const Claim* claim = chart->claims.find(p)) {
      auto& epochs = by_owner[claim->owner];
      epochs.insert(epochs.end(), count, claim->epoch);
    }
  for (auto& [owner, epochs] : by_owner) {
    if (!majority(epochs.size(), candidate) || candidate.disowned.contains(owner)) continue;
    std::sort(epochs.rbegin(), epochs.rend());
    return Claim{epochs[candidate.voters.size() / 2], 0, owner};
  }
  return std::nullopt;
}

/// An owner that returns at the epoch at which nobody owned the partition is no lower claim: its turn rises (C15).
bool loses(const Claim& claim, const Claim& published) {
  if (claim.epoch != published.epoch) return claim.epoch < published.epoch;
  return !published.owner.empty() && published.owner < claim.owner;
}

}  // namespace

PartitionMap<Claim> lower_claims(const PartitionMap<Claim>& published, const Candidate& candidate,
                                 const Evidence& evidence) {
  const auto votes = votes_of(candidate, evidence);
  const auto borders = borders_of(votes);
  PartitionMap<Claim> out;
  for (const auto& [range, claim] : published)
    for (const auto piece : cut(range, borders))
      if (auto other = named(piece.first, votes, candidate); other && loses(*other, claim))
        out.set(piece, std::move(*other));
  return out;
}

PartitionSet claimed_by_owners(const PartitionMap<Claim>& published, const Candidate& candidate,
                               const Evidence& evidence) {
  PartitionSet out;
  for (const auto& [id, view] : evidence.views) {
    if (!evidence.serves(id) || candidate.disowned.contains(id)) continue;
    PartitionSet said;
    for (const auto range : self_report(*view).owns) said.set(range, {});
    walk(said, published, [&, owner = id](PartitionRange piece, const Member* own, const Claim* claim) {
      if (own && claim && claim->owner == owner) out.set(piece, {});
    });
  }
  return out;
}

PartitionMap<Claim> overrulable(const PartitionMap<Claim>& lower, const PartitionMap<Claim>& published,
                                const PartitionSet& claimed, const PartitionSet& vouched) {
  PartitionSet stood_up_for = claimed;
  add(stood_up_for, vouched);
  PartitionMap<Claim> changing;
  walk(lower, published, [&](PartitionRange piece, const Claim* claim, const Claim* held) {
    if (claim && held && claim->owner != held->owner) changing.set(piece, *claim);
  });
  PartitionMap<Claim> out;
  walk(changing, stood_up_for, [&](PartitionRange piece, const Claim* claim, const Member* somebody) {
    if (claim && !somebody) out.set(piece, *claim);
  });
  return out;
}

PartitionMap<Claim> overruled(const PartitionMap<Claim>& lower, const PartitionMap<Claim>& published,
                              const PartitionMap<Claim>& overrulable) {
  PartitionMap<Claim> out = overrulable;
  walk(lower, published, [&](PartitionRange piece, const Claim* claim, const Claim* held) {
    if (claim && held && claim->owner == held->owner) out.set(piece, *claim);
  });
  return out;
}

bool OverrulingTimer::elapsed(const PartitionMap<Claim>& overrulable, Duration reset_after, TimePoint now) {
  PartitionSet seen;
  for (const auto& entry : overrulable) seen.set(entry.range, {});
  standing_ = both(standing_, seen);
  if (standing_.empty()) {
    standing_ = std::move(seen);
    since_ = now;
  }
  return !standing_.empty() && now - since_ >= reset_after;
}

}  // namespace dbha
