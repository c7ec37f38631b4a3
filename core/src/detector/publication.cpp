#include "detector/publication.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "topology/diff.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

/// The highest epoch that a majority reaches, never the highest one node shows; nothing if no majority names the owner.
std::optional<Epoch> confirmed_epoch(const Count& named, const Candidate& candidate) {
  const std::size_t needed = candidate.voters.size() / 2 + 1;
  if (named.size() < needed) return std::nullopt;
  std::vector<Epoch> epochs;
  for (const auto& counted : named) epochs.push_back(counted.epoch);
  std::sort(epochs.rbegin(), epochs.rend());
  return epochs[needed - 1];
}

/// Who was counted for a piece.
struct Counts {
  std::optional<Showing> owner;
  Count heard;
  Count named;
  Count contested;
};

Proof proof_of(Counts counts, const Candidate& candidate) {
  return {candidate.voters.size(), std::move(counts.owner), voices_of(std::move(counts.heard)),
          voices_of(std::move(counts.named)), voices_of(std::move(counts.contested))};
}

/// Why the claim does not count as announced, by the first two of the three things that must hold; empty if it does.
std::string not_announced(Partition p, const Claim& claim, const Candidate& candidate, const Evidence& evidence,
                          Counts& counts) {
  // 1. The owner itself answers as primary, serves, and claims the partition.
  if (!evidence.serves(claim.owner)) return "the owner does not answer as a serving primary";
  counts.owner = own_word(p, claim.owner, evidence);
  if (!counts.owner || counts.owner->epoch != claim.epoch) return "the owner itself does not claim it";
  // 2. A majority of the voters has heard of the election.
  counts.heard = voters_that_heard(claim.epoch, candidate, evidence);
  if (!majority(counts.heard.size(), candidate))
    return "only " + std::to_string(counts.heard.size()) + " of " + std::to_string(candidate.voters.size()) +
           " voters show epoch " + std::to_string(claim.epoch.value);
  return {};
}

/// The borders at which any view changes its mind: between two of them all voters say one thing, so that one partition
/// speaks for the piece.
std::vector<std::uint32_t> borders_of(const std::vector<Saying>& sayings) {
  std::vector<std::uint32_t> out;
  for (const auto& saying : sayings)
    for (const auto& report : saying.chart->nodes)
      for (const auto range : report.owns) {
        out.push_back(range.first.value);
        out.push_back(range.last.value + 1);
      }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::map<Epoch, std::set<NodeId>> claimers_of(const std::vector<Saying>& sayings) {
  std::map<Epoch, std::set<NodeId>> out;
  for (const auto& saying : sayings)
    for (const auto& report : saying.chart->nodes)
      if (!report.owns.empty()) out[report.epoch].insert(report.id);
  return out;
}

class Decider {
 public:
  Decider(const Candidate& candidate, const Evidence& evidence, TimePoint changed_at, Decision& out)
      : candidate_(candidate),
        evidence_(evidence),
        sayings_(sayings_of(evidence)),
        changed_at_(changed_at),
        out_(out) {}

  /// The range cut at the borders within it.
  std::vector<PartitionRange> pieces(PartitionRange range) {
    if (!borders_) borders_ = borders_of(sayings_);
    return cut(range, *borders_);
  }

  /// What is published of the piece from now on; nothing if it stays as it is.
  std::optional<Claim> judge(PartitionRange range, const Claim* published, const Claim* seen) {
    road_ = Road::confirmed;
    counts_ = {};
    if (!seen) return published && !published->owner.empty() ? unowned(range, *published) : std::nullopt;
    if (published && seen->owner == published->owner) return same_owner(range, *published, *seen);
    if (!published || seen->epoch > published->epoch) return new_owner(range, published, *seen);
    if (seen->epoch == published->epoch) return owner_at_equal_epoch(range, *published, *seen);
    withhold(range, *seen, "its epoch is below the published one, " + std::to_string(published->epoch.value), true);
    return std::nullopt;
  }

  /// How the piece that was judged last came to be published, and by whom.
  ClaimChange change(PartitionRange range, const Claim* before, Claim claim) {
    return {range, before ? std::optional(*before) : std::nullopt, std::move(claim), road_,
            proof_of(std::move(counts_), candidate_)};
  }

 private:
  std::optional<Claim> unowned(PartitionRange range, const Claim& published) {
    counts_.named = voters_that_show_unowned(range.first, candidate_, evidence_, changed_at_);
    if (majority(counts_.named.size(), candidate_)) return Claim{published.epoch, published.turn + 1, {}};
    withhold(range, {published.epoch, published.turn, {}}, "no majority shows the partitions unassigned");
    return std::nullopt;
  }

  std::optional<Claim> same_owner(PartitionRange range, const Claim& published, const Claim& seen) {
    if (seen.epoch <= published.epoch) return std::nullopt;
    const auto epoch = confirmed(range, seen.owner, TimePoint::min());
    if (epoch && *epoch > published.epoch) return Claim{*epoch, 0, seen.owner};
    withhold(range, seen, "no majority names the owner with that epoch");
    return std::nullopt;
  }

  std::optional<Claim> new_owner(PartitionRange range, const Claim* published, const Claim& seen) {
    auto reason = not_announced(range.first, seen, candidate_, evidence_, counts_);
    if (reason.empty()) reason = also_claimed(seen);
    if (reason.empty()) {
      road_ = Road::announced;
      return Claim{seen.epoch, 0, seen.owner};
    }
    // What a majority reaches may be less than what the owner itself shows, and still more than what is published.
    const auto epoch = confirmed(range, seen.owner, TimePoint::min());
    if (epoch && (!published || *epoch > published->epoch)) return Claim{*epoch, 0, seen.owner};
    withhold(range, seen, reason + ", and no majority names it");
    return std::nullopt;
  }

  /// The third condition of an announcement: nobody else claims anything at the same epoch.
  std::string also_claimed(const Claim& claim) {
    if (!claimers_) claimers_ = claimers_of(sayings_);
    for (const auto& id : (*claimers_)[claim.epoch])
      if (id != claim.owner) counts_.contested.push_back({&id, claim.epoch});
    if (counts_.contested.empty()) return {};
    return "node " + short_id(*counts_.contested.front().node) + " claims partitions at the same epoch";
  }

  /// Either the return of an owner after "nobody" (the turn rises, C15), or a collision that the smaller id wins, as in
  /// the join.
  std::optional<Claim> owner_at_equal_epoch(PartitionRange range, const Claim& published, const Claim& seen) {
    const bool from_nobody = published.owner.empty();
    const bool lower = !from_nobody && published.owner < seen.owner;
    const auto epoch = confirmed(range, seen.owner, from_nobody ? changed_at_ : TimePoint::min());
    if (!lower && epoch && *epoch == seen.epoch)
      return Claim{seen.epoch, published.turn + (from_nobody ? 1 : 0), seen.owner};
    withhold(range, seen, lower ? "it loses the tie at an equal epoch" : "no majority names the owner", lower);
    return std::nullopt;
  }

  std::optional<Epoch> confirmed(PartitionRange range, const NodeId& owner, TimePoint asked_after) {
    counts_.named = voters_that_name(range.first, owner, candidate_, evidence_, sayings_, asked_after);
    return confirmed_epoch(counts_.named, candidate_);
  }

  void withhold(PartitionRange range, Claim claim, std::string reason, bool lower = false) {
    out_.withheld.push_back(
        {range, std::move(claim), std::move(reason), lower, proof_of(std::move(counts_), candidate_)});
  }

  const Candidate& candidate_;
  const Evidence& evidence_;
  const std::vector<Saying> sayings_;
  TimePoint changed_at_;
  Decision& out_;
  Road road_ = Road::confirmed;  // of the piece that is judged
  Counts counts_;
  // Only a change needs them; most looks find none.
  std::optional<std::vector<std::uint32_t>> borders_;
  std::optional<std::map<Epoch, std::set<NodeId>>> claimers_;
};

}  // namespace

Decision decide(const PartitionMap<Claim>& published, const Candidate& candidate, const Evidence& evidence,
                TimePoint changed_at) {
  Decision out;
  out.claims = published;
  const auto answering = static_cast<std::size_t>(std::count_if(
      candidate.voters.begin(), candidate.voters.end(), [&](const NodeId& id) { return evidence.of(id) != nullptr; }));
  if (candidate.voters.empty() || !majority(answering, candidate)) {
    out.degraded = true;
    out.reason = evidence.views.empty()     ? "no node answers"
                 : candidate.voters.empty() ? "no node owns a partition"
                                            : "only " + std::to_string(answering) + " of " +
                                                  std::to_string(candidate.voters.size()) + " primaries answer";
    return out;
  }
  Decider decider(candidate, evidence, changed_at, out);
  walk(published, candidate.claims, [&](PartitionRange range, const Claim* before, const Claim* seen) {
    const bool settled = before && seen && before->owner == seen->owner && before->epoch >= seen->epoch;
    if (settled || (!seen && before->owner.empty())) return;
    for (const auto piece : decider.pieces(range))
      if (auto claim = decider.judge(piece, before, seen)) {
        out.claims.set(piece, *claim);
        out.changes.push_back(decider.change(piece, before, std::move(*claim)));
      }
  });
  return out;
}

}  // namespace dbha
