// What the detector makes of other detectors, of what a fleet holds, and of claims that lose against the published
// ones.
#include <algorithm>

#include "detector/detector.hpp"
#include "detector/membership.hpp"
#include "detector/peers.hpp"
#include "topology/diff.hpp"
#include "topology/ranges.hpp"

namespace dbha {

DetectorOutput Detector::on_publication(const Publication& publication, Now now) {
  envelopes_.know(publication.version);
  dirty_ |= peers_.take(publication, now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_beat(const Beat& beat, Now now) {
  peers_.take(beat, now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_snapshot(std::size_t peer, const Snapshot& snapshot, Now now) {
  if (snapshot.publication.topology) envelopes_.know(snapshot.publication.version);
  dirty_ |= peers_.take(peer, snapshot, now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_snapshot_refused(std::size_t peer, Duration retry_after, Now now) {
  peers_.refused(peer, retry_after, now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_held(const std::string& holder, const Version& version, Now now) {
  envelopes_.named(holder, version, version_);
  return finish({}, now);
}

DetectorOutput Detector::on_envelope(const Publication& publication, Now now) {
  dirty_ |= envelopes_.take(publication, version_);
  return finish({}, now);
}

/// What is published here together with what others publish and hold.
std::shared_ptr<const Topology> Detector::joined(TimePoint now) const {
  std::vector<Heard> others = peers_.heard(now);
  for (auto& held : envelopes_.heard()) others.push_back(std::move(held));
  if (others.empty()) return published_;
  std::vector<NodeId> reach;
  for (const auto& [id, view] : evidence(now).views) reach.push_back(id);
  return joined_with(published_, std::move(reach), std::move(others), settings_.partitions);
}

/// An answer of a moment ago may come from a life that the others have seen end (C8).
void Detector::drop_earlier_lives(const Topology& joined, TimePoint now) {
  heard_lives_.hear(joined, published_.get(), now);
  for (const auto& node : joined.nodes) {
    const View* view = observations_.latest(node.id);
    if (!view || !(from_an_earlier_life(node, view->run_id) || heard_lives_.outdates(*view))) continue;
    lookout_.prober().urgent(view->endpoint, Question::view);
    observations_.forget(node.id);
  }
}

Reset Detector::reset(Now now) {
  Reset out;
  if (tilt(out.output, now.time)) {
    out.refused = "the detector is in tilt: " + reason_;
  } else if (!published_) {
    out.refused = "nothing has been published yet";
  } else {
    const Evidence seen = evidence(now.time);
    const Grasp grasp = grasp_of(seen, joined(now.time), now.time);
    out.refused = overrule_by_hand(out.output, grasp, seen, now);
  }
  out.output = finish(std::move(out.output), now);
  return out;
}

// ---- Overruling (R5)

/// What a majority has named for long enough, though it loses against what is published (R5).
PartitionMap<Claim> Detector::due_to_overrule(const Grasp& grasp, const Evidence& seen, TimePoint now) {
  const auto& held = grasp.held->claims;
  const PartitionSet claimed = claimed_by_owners(held, grasp.candidate, seen);
  if (claimed.size() == held.size()) {  // as mostly: every owner stands up for itself
    overruling_.reset();
    return {};
  }
  const auto lower = lower_claims(held, grasp.candidate, seen);
  const auto free = overrulable(lower, held, claimed, vouched_by(peers_, held, now));
  if (!overruling_.elapsed(free, settings_.reset_after, now)) return {};
  overruling_.reset();
  return overruled(lower, held, free);
}

/// Returns why it is refused, nothing if it is done. A generation that others named is enough here: a human vouches.
std::string Detector::overrule_by_hand(DetectorOutput& out, const Grasp& grasp, const Evidence& seen, Now now) {
  if (grasp.decision.degraded) return "the detector is degraded: " + grasp.decision.reason;
  std::uint64_t named = envelopes_.highest_named();
  for (const auto& [name, beat] : peers_.beats()) named = std::max(named, beat.version.generation);
  const auto lower = lower_claims(grasp.held->claims, grasp.candidate, seen);
  if (lower.empty() && named <= grasp.held->generation)
    return "nothing to overrule: no majority of the primaries names a claim that loses against the published one";
  overruling_.reset();
  conclude(out, grasp, lower, std::max(named, grasp.held->generation) + 1, seen, now);
  return {};
}

void Detector::note_overruled(DetectorOutput& out, const PartitionMap<Claim>& overruled,
                              const PartitionMap<Claim>& held, std::uint64_t generation) {
  const auto text_of_claim = [](const Claim& claim) {
    return short_id(claim.owner) + "@" + std::to_string(claim.epoch.value);
  };
  std::string text = "generation " + std::to_string(generation);
  walk(overruled, held, [&](PartitionRange range, const Claim* claim, const Claim* before) {
    if (claim && before)
      text += "; " + text_of(range) + " " + text_of_claim(*before) + " gives way to " + text_of_claim(*claim);
  });
  out.records.push_back({LogLevel::warning, "claims_overruled", text});
}

}  // namespace dbha
