#include "detector/publication.hpp"

#include <algorithm>
#include <optional>

#include "topology/diff.hpp"

namespace dbha {
namespace {

/// The highest epoch with which a majority of the voters, each in its own answer, names this owner for the partition;
/// nothing if no majority names it.
std::optional<Epoch> confirmed_epoch(Partition p, const NodeId& owner, const Candidate& candidate,
                                     const Evidence& evidence, TimePoint asked_after) {
  std::vector<Epoch> named;
  for (const auto& voter : candidate.voters) {
    const View* view = evidence.of(voter);
    if (!view || view->asked < asked_after) continue;
    const NodeReport* report = report_on(*view, owner);
    const bool owns = report && std::any_of(report->owns.begin(), report->owns.end(),
                                            [&](PartitionRange r) { return r.contains(p); });
    if (owns) named.push_back(report->epoch);
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

/// Why the claim does not count as announced; empty if it does. Three things must hold.
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
  // 3. Nobody else claims anything at the same epoch.
  for (const auto& [id, view] : evidence.views)
    for (const auto& report : view->nodes)
      if (report.id != claim.owner && !report.owns.empty() && report.epoch == claim.epoch)
        return "node " + short_id(report.id) + " claims partitions at the same epoch";
  return {};
}

class Decider {
 public:
  Decider(const Candidate& candidate, const Evidence& evidence, TimePoint changed_at, Decision& out)
      : candidate_(candidate), evidence_(evidence), changed_at_(changed_at), out_(out) {}

  /// What is published of the range from now on; nothing if it stays as it is.
  std::optional<Claim> judge(PartitionRange range, const Claim* published, const Claim* seen) {
    if (!seen) return published && !published->owner.empty() ? unowned(range, *published) : std::nullopt;
    if (published && seen->owner == published->owner) return same_owner(range, *published, *seen);
    if (!published || seen->epoch > published->epoch) return new_owner(range, *seen);
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
    const auto epoch = confirmed_epoch(range.first, seen.owner, candidate_, evidence_, TimePoint::min());
    if (epoch && *epoch > published.epoch) return Claim{*epoch, 0, seen.owner};
    withhold(range, seen, "no majority names the owner with that epoch");
    return std::nullopt;
  }

  std::optional<Claim> new_owner(PartitionRange range, const Claim& seen) {
    const auto reason = not_announced(range.first, seen, candidate_, evidence_);
    if (reason.empty()) return Claim{seen.epoch, 0, seen.owner};
    const auto epoch = confirmed_epoch(range.first, seen.owner, candidate_, evidence_, TimePoint::min());
    if (epoch && *epoch == seen.epoch) return Claim{seen.epoch, 0, seen.owner};
    withhold(range, seen, reason + ", and no majority names it");
    return std::nullopt;
  }

  /// Either the return of an owner after "nobody" (the turn rises, C15), or a collision that the smaller id wins, as in
  /// the join.
  std::optional<Claim> owner_at_equal_epoch(PartitionRange range, const Claim& published, const Claim& seen) {
    const bool from_nobody = published.owner.empty();
    const bool lower = !from_nobody && published.owner < seen.owner;
    const auto epoch =
        confirmed_epoch(range.first, seen.owner, candidate_, evidence_, from_nobody ? changed_at_ : TimePoint::min());
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
  TimePoint changed_at_;
  Decision& out_;
};

/// The borders at which any view changes its mind: within a piece between two of them all voters say one thing, so that
/// one partition speaks for the piece.
PartitionMap<int> pieces_of(PartitionRange range, const Evidence& evidence) {
  PartitionMap<int> out;
  out.set(range, 0);
  std::vector<std::uint32_t> starts;
  for (const auto& [id, view] : evidence.views)
    for (const auto& report : view->nodes)
      for (const auto r : report.owns) {
        starts.push_back(r.first.value);
        starts.push_back(r.last.value + 1);
      }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  int piece = 0;
  for (const auto start : starts)
    if (range.contains({start})) out.set({{start}, range.last}, ++piece);
  return out;
}

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
    for (const auto& piece : pieces_of(range, evidence))
      if (auto claim = decider.judge(piece.range, before, seen)) out.claims.set(piece.range, std::move(*claim));
  });
  return out;
}

}  // namespace dbha
