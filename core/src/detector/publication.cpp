#include "detector/publication.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "topology/diff.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

/// The highest epoch with which a majority of the voters, each in its own answer, names this owner for the partition;
/// nothing if no majority names it.
std::optional<Epoch> confirmed_epoch(Partition p, const NodeId& owner, const Candidate& candidate,
                                     const Evidence& evidence, const std::vector<Saying>& sayings,
                                     TimePoint asked_after) {
  std::vector<Epoch> named;
  for (const auto& [chart, by] : sayings) {
    const NodeReport* report = chart->report_on(owner);
    const bool owns = report && std::any_of(report->owns.begin(), report->owns.end(),
                                            [&](PartitionRange r) { return r.contains(p); });
    if (!owns) continue;
    for (const auto& id : by)
      if (candidate.voters.contains(id) && evidence.of(id)->asked >= asked_after) named.push_back(report->epoch);
  }
  const std::size_t needed = candidate.voters.size() / 2 + 1;
  if (named.size() < needed) return std::nullopt;
  std::sort(named.rbegin(), named.rend());
  return named[needed - 1];  // the highest one that a majority reaches, never the highest one node shows
}

/// A majority shows the partition unassigned; that no answering node claims it is known: the candidate has no claim for
/// it.
bool confirmed_unowned(Partition p, const Candidate& candidate, const Evidence& evidence, TimePoint asked_after) {
  std::size_t unassigned = 0;
  for (const auto& voter : candidate.voters) {
    const View* view = evidence.of(voter);
    if (!view || view->asked < asked_after) continue;
    const auto owns = [&](const NodeReport& report) {
      return std::any_of(report.owns.begin(), report.owns.end(), [&](PartitionRange r) { return r.contains(p); });
    };
    if (std::none_of(view->nodes.begin(), view->nodes.end(), owns)) ++unassigned;
  }
  return majority(unassigned, candidate);
}

/// Why the claim does not count as announced, by the first two of the three things that must hold; empty if it does.
std::string not_announced(Partition p, const Claim& claim, const Candidate& candidate, const Evidence& evidence) {
  // 1. The owner itself answers as primary, serves, and claims the partition.
  const View* own = evidence.of(claim.owner);
  if (!own || !evidence.serves(claim.owner)) return "the owner does not answer as a serving primary";
  const NodeReport& self = self_report(*own);
  const bool claims_it =
      std::any_of(self.owns.begin(), self.owns.end(), [&](PartitionRange r) { return r.contains(p); });
  if (!claims_it || self.epoch != claim.epoch) return "the owner itself does not claim it";
  // 2. A majority of the voters has heard of the election.
  std::size_t heard = 0;
  for (const auto& voter : candidate.voters) {
    auto word = evidence.words.find(voter);
    if (word != evidence.words.end() && word->second.current_epoch >= claim.epoch) ++heard;
  }
  if (!majority(heard, candidate))
    return "only " + std::to_string(heard) + " of " + std::to_string(candidate.voters.size()) + " voters show epoch " +
           std::to_string(claim.epoch.value);
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
    if (!seen) return published && !published->owner.empty() ? unowned(range, *published) : std::nullopt;
    if (published && seen->owner == published->owner) return same_owner(range, *published, *seen);
    if (!published || seen->epoch > published->epoch) return new_owner(range, published, *seen);
    if (seen->epoch == published->epoch) return owner_at_equal_epoch(range, *published, *seen);
    withhold(range, *seen, "its epoch is below the published one, " + std::to_string(published->epoch.value), true);
    return std::nullopt;
  }

 private:
  std::optional<Claim> unowned(PartitionRange range, const Claim& published) {
    if (confirmed_unowned(range.first, candidate_, evidence_, changed_at_))
      return Claim{published.epoch, published.turn + 1, {}};
    withhold(range, {published.epoch, published.turn, {}}, "no majority shows the partitions unassigned");
    return std::nullopt;
  }

  std::optional<Claim> same_owner(PartitionRange range, const Claim& published, const Claim& seen) {
    if (seen.epoch <= published.epoch) return std::nullopt;
    const auto epoch = confirmed_epoch(range.first, seen.owner, candidate_, evidence_, sayings_, TimePoint::min());
    if (epoch && *epoch > published.epoch) return Claim{*epoch, 0, seen.owner};
    withhold(range, seen, "no majority names the owner with that epoch");
    return std::nullopt;
  }

  std::optional<Claim> new_owner(PartitionRange range, const Claim* published, const Claim& seen) {
    auto reason = not_announced(range.first, seen, candidate_, evidence_);
    if (reason.empty()) reason = also_claimed(seen);
    if (reason.empty()) return Claim{seen.epoch, 0, seen.owner};
    // What a majority reaches may be less than what the owner itself shows, and still more than what is published.
    const auto epoch = confirmed_epoch(range.first, seen.owner, candidate_, evidence_, sayings_, TimePoint::min());
    if (epoch && (!published || *epoch > published->epoch)) return Claim{*epoch, 0, seen.owner};
    withhold(range, seen, reason + ", and no majority names it");
    return std::nullopt;
  }

  /// The third condition of an announcement: nobody else claims anything at the same epoch.
  std::string also_claimed(const Claim& claim) {
    if (!claimers_) claimers_ = claimers_of(sayings_);
    for (const auto& id : (*claimers_)[claim.epoch])
      if (id != claim.owner) return "node " + short_id(id) + " claims partitions at the same epoch";
    return {};
  }

  /// Either the return of an owner after "nobody" (the turn rises, C15), or a collision that the smaller id wins, as in
  /// the join.
  std::optional<Claim> owner_at_equal_epoch(PartitionRange range, const Claim& published, const Claim& seen) {
    const bool from_nobody = published.owner.empty();
    const bool lower = !from_nobody && published.owner < seen.owner;
    const auto epoch = confirmed_epoch(range.first, seen.owner, candidate_, evidence_, sayings_,
                                       from_nobody ? changed_at_ : TimePoint::min());
    if (!lower && epoch && *epoch == seen.epoch)
      return Claim{seen.epoch, published.turn + (from_nobody ? 1 : 0), seen.owner};
    withhold(range, seen, lower ? "it loses the tie at an equal epoch" : "no majority names the owner", lower);
    return std::nullopt;
  }

  void withhold(PartitionRange range, Claim claim, std::string reason, bool lower = false) {
    out_.withheld.push_back({range, std::move(claim), std::move(reason), lower});
  }

  const Candidate& candidate_;
  const Evidence& evidence_;
  const std::vector<Saying> sayings_;
  TimePoint changed_at_;
  Decision& out_;
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
      if (auto claim = decider.judge(piece, before, seen)) out.claims.set(piece, std::move(*claim));
  });
  return out;
}

}  // namespace dbha
