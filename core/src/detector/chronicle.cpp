#include "detector/chronicle.hpp"

#include <algorithm>

#include <dbha/events.hpp>

#include "topology/diff.hpp"
#include "topology/marks.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

/// An announcement that no majority has borne out for so long never will be: its owner is gone again.
constexpr Duration forget_after = std::chrono::minutes(1);

std::string text_of_sign(const Sign& sign) {
  std::string out = sign.what;
  if (!sign.endpoint.host.empty()) out += " at " + sign.endpoint.text();
  if (!sign.detail.empty()) out += " (" + sign.detail + ")";
  return out;
}

std::string text_of_claim(const Claim& claim) {
  return (claim.owner.empty() ? "nobody" : short_id(claim.owner)) + "@" + std::to_string(claim.epoch.value);
}

bool contains(const ClaimChange& change, PartitionRange range, const Claim& claim) {
  return change.range.contains(range.first) && change.claim == claim;
}

/// What decided it; nullptr: others did.
const ClaimChange* reason_of(PartitionRange range, const Claim& claim, const std::vector<ClaimChange>& decided) {
  const auto found =
      std::find_if(decided.begin(), decided.end(), [&](const auto& change) { return contains(change, range, claim); });
  return found == decided.end() ? nullptr : &*found;
}

/// Changes that differ in nothing but their partitions are one.
bool same_story(const ClaimRecord& a, const ClaimRecord& b) {
  return a.before == b.before && a.claim == b.claim && a.road == b.road && a.refused == b.refused;
}

void tell(std::vector<ClaimRecord>& out, PartitionRange range, ClaimRecord record) {
  const auto same =
      std::find_if(out.begin(), out.end(), [&](const ClaimRecord& other) { return same_story(other, record); });
  if (same != out.end()) return same->partitions.set(range, {});
  record.partitions.set(range, {});
  out.push_back(std::move(record));
}

}  // namespace

void Chronicle::met(const NodeId& shard, Sign sign, TimePoint now) {
  if (sign.what == "promoted") promoted_.try_emplace(sign.node, now);
  met_.emplace_back(shard, std::move(sign));
}

void Chronicle::look(const std::map<NodeId, TimePoint>& suspects, Records& out, TimePoint now) {
  std::erase_if(suspicions_, [&](const auto& entry) {
    const auto& [shard, suspicion] = entry;
    if (suspects.contains(shard)) return false;
    out.push_back({.event = "suspicion_over",
                   .detail = "shard " + short_id(shard),
                   .shard = shard,
                   .after = now - suspicion.since});
    return true;
  });
  for (const auto& suspect : suspects)  // a hint may name no more than a partition
    if (!suspicions_.contains(suspect.first) && met_.size() == 1) met_.front().first = suspect.first;
  for (auto& [shard, sign] : met_)
    if (const auto suspect = suspects.find(shard); suspect != suspects.end()) take(*suspect, std::move(sign), out, now);
  met_.clear();
  if (suspicions_.empty()) promoted_.clear();
}

void Chronicle::take(const std::pair<const NodeId, TimePoint>& suspect, Sign sign, Records& out, TimePoint now) {
  const auto& [shard, since] = suspect;
  const auto [known, first] = suspicions_.try_emplace(shard, Suspicion{since, sign, {}});
  if (!known->second.met.insert(sign.what).second) return;
  Record record{.level = first ? LogLevel::info : LogLevel::debug,
                .event = first ? "suspicion" : "signal",
                .detail = "shard " + short_id(shard) + ": " + text_of_sign(sign),
                .shard = shard};
  if (!first) record.after = now - since;
  record.sign = std::move(sign);
  out.push_back(std::move(record));
}

std::vector<ClaimRecord> Chronicle::account(const PartitionMap<Claim>& before, const PartitionMap<Claim>& after,
                                            const std::vector<ClaimChange>& decided,
                                            const std::vector<ClaimChange>& overruled, TimePoint now) {
  std::vector<ClaimRecord> out;
  walk(before, after, [&](PartitionRange range, const Claim* old, const Claim* claim) {
    if (!claim || (old && *old == *claim)) return;
    const ClaimChange* reason = reason_of(range, *claim, overruled);
    if (!reason) reason = reason_of(range, *claim, decided);
    ClaimRecord record{.claim = *claim, .road = reason ? reason->road : Road::learnt};
    if (old) record.before = *old;
    if (reason) record.proof = reason->proof;
    tell(out, range, std::move(record));
  });
  for (auto& record : out) {
    record.steps = steps_of(record, now);
    if (record.before && record.road == Road::announced) unconfirmed_.push_back({record.partitions, record.claim, now});
  }
  return out;
}

Steps Chronicle::steps_of(const ClaimRecord& change, TimePoint now) const {
  Steps out;
  if (change.before) {
    if (const auto suspect = suspicions_.find(change.before->owner); suspect != suspicions_.end()) {
      out.suspected = now - suspect->second.since;
      out.sign = suspect->second.sign.what;
    }
  }
  if (const auto promoted = promoted_.find(change.claim.owner); promoted != promoted_.end())
    out.promoted = now - promoted->second;
  const auto claimed = claimed_.find({change.claim.owner, change.claim.epoch});
  out.claimed = claimed == claimed_.end() ? Duration(0) : now - claimed->second;
  return out;
}

void Chronicle::left_open(const std::vector<Withheld>& withheld, TimePoint now) {
  std::map<Vote, TimePoint> next;
  for (const auto& w : withheld) {
    const Vote vote{w.claim.owner, w.claim.epoch};
    const auto known = claimed_.find(vote);
    next.try_emplace(vote, known == claimed_.end() ? now : known->second);
  }
  claimed_ = std::move(next);
}

void Chronicle::confirm(const Candidate& candidate, const Evidence& evidence, Records& out, TimePoint now) {
  if (unconfirmed_.empty()) return;
  const auto sayings = sayings_of(evidence);
  std::erase_if(unconfirmed_, [&](const Unconfirmed& open) {
    Count named = voters_that_name(open.partitions.begin()->range.first, open.claim.owner, candidate, evidence, sayings,
                                   TimePoint::min());
    std::erase_if(named, [&](const Counted& counted) { return counted.epoch < open.claim.epoch; });
    if (!majority(named.size(), candidate)) return now - open.published > forget_after;
    ClaimRecord record{.partitions = open.partitions, .claim = open.claim, .road = Road::confirmed};
    record.proof.voters = candidate.voters.size();
    record.proof.named = voices_of(std::move(named));
    out.push_back({.level = LogLevel::debug,
                   .event = "claim_confirmed",
                   .detail = text_of(open.partitions) + " " + text_of_claim(open.claim),
                   .after = now - open.published,
                   .claims = {std::move(record)}});
    return true;
  });
}

std::vector<ClaimRecord> records_of(const std::vector<Withheld>& withheld) {
  std::vector<ClaimRecord> out;
  for (const auto& w : withheld) tell(out, w.range, {.claim = w.claim, .refused = w.reason, .proof = w.proof});
  return out;
}

void record_reshards(const PartitionMap<PendingReshard>& before, const PartitionMap<PendingReshard>& after,
                     const PartitionSet& changed, Chronicle::Records& out) {
  std::map<std::string, PartitionSet> stories;  // by event and nodes
  const auto story = [&](const char* event, PartitionRange range, const PendingReshard& reshard) {
    stories[std::string(event) + '\n' + short_id(reshard.from) + " -> " + short_id(reshard.to)].set(range, {});
  };
  const auto same = [](const PendingReshard& a, const PendingReshard& b) { return a.from == b.from && a.to == b.to; };
  walk(before, after, [&](PartitionRange range, const PendingReshard* was, const PendingReshard* is) {
    if (was && is && same(*was, *is)) return;
    if (was) story(changed.find(range.first) ? "reshard_was_failover" : "reshard_borne_out", range, *was);
    if (is) story("reshard_waits", range, *is);
  });
  for (const auto& [key, partitions] : stories) {
    const auto end = key.find('\n');
    out.push_back({.event = key.substr(0, end), .detail = text_of(partitions) + " " + key.substr(end + 1)});
  }
}

void record_losses(const PartitionMap<Mark>& before, const PartitionMap<Mark>& after, Chronicle::Records& out) {
  walk(before, after, [&](PartitionRange range, const Mark* was, const Mark* is) {
    if (!was || !is || !same_event(*was, *is) || was->loss == is->loss) return;
    out.push_back({.event = "loss_known",
                   .detail = text_of(range) + " " + text_of(is->loss) + ": the old owner wrote up to " +
                             std::to_string(is->old_offset) + ", the new one had up to " +
                             std::to_string(is->new_offset)});
  });
}

}  // namespace dbha
