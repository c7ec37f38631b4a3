#include "topology/feed.hpp"

#include <algorithm>

namespace dbha {
namespace {

/// Full jitter: a fleet that lost the same message asks spread over this much time for each controller in it, so that a
/// detector answers some ten thousand hellos a second at most.
constexpr Duration jitter_for_each = std::chrono::microseconds(100);
constexpr Duration least_jitter = std::chrono::milliseconds(20);
constexpr Duration answer_within = std::chrono::milliseconds(1000);
constexpr Duration longest_pause = std::chrono::seconds(5);
constexpr unsigned tries_a_server = 2;

}  // namespace

Feed::Feed(std::size_t detectors, std::uint64_t seed, TimePoint now) : detectors_(detectors), random_(seed) {
  next_request_ =
      now + jitter(least_jitter);  // the subscription has been made: what is published from now on is not missed
}

/// False for a repetition or an earlier life of the detector.
bool Feed::advance(Detector& detector, const Stamp& stamp, bool& gap) {
  if (stamp.start < detector.start) return false;
  if (stamp.start > detector.start) {
    detector.start = stamp.start;
    detector.sequence = 0;
    detector.publication_sequence = 0;
    gap = false;  // the beat's digest tells whether anything of the new life was missed
  } else if (stamp.sequence <= detector.sequence) {
    return false;
  } else {
    gap = detector.sequence != 0 && stamp.sequence > detector.sequence + 1;
  }
  detector.sequence = stamp.sequence;
  return true;
}

bool Feed::hold(Detector& detector, const Publication& publication) {
  detector.publication_sequence = publication.stamp.sequence;
  const bool news = detector.version != publication.version || !detector.topology;
  detector.version = publication.version;
  detector.topology = publication.topology;
  return news;
}

bool Feed::take(const Publication& publication, TimePoint) {
  bool gap = false;
  Detector& detector = known_[publication.stamp.detector];
  if (!advance(detector, publication.stamp, gap)) return false;
  return hold(detector, publication);  // it is the whole topology: whatever a gap swallowed is in it
}

void Feed::take(const Beat& beat, TimePoint now) {
  bool gap = false;
  Detector& detector = known_[beat.stamp.detector];
  if (!advance(detector, beat.stamp, gap)) return;
  detector.beaten = now;
  detector.degraded = beat.status != DetectorStatus::ok && beat.status != DetectorStatus::suspect;
  detector.reach = beat.reach;
  beats_[beat.stamp.detector] = beat;
  fleet_ = std::max<std::uint32_t>(beat.controllers, 1);
  // Compared with the last one received from THIS detector: two detectors that are each ahead in one shard would
  // otherwise make the whole fleet ask every second (C12).
  const bool unknown = beat.version.known() && beat.version.digest != detector.version.digest;
  if (gap || unknown) need_snapshot(detector, now);
}

bool Feed::take(std::size_t index, const Snapshot& snapshot, TimePoint now) {
  const Stamp& stamp = snapshot.publication.topology ? snapshot.publication.stamp : snapshot.beat.stamp;
  Detector& detector = known_[stamp.detector];
  if (stamp.start < detector.start)
    return false;  // of an earlier life; its sequence may be old: a later beat has raised it (C11)
  if (stamp.start > detector.start) {
    detector.start = stamp.start;
    detector.sequence = 0;
    detector.publication_sequence = 0;
  }
  detector.index = index;
  unanswered_ = 0;
  tries_ = 0;
  next_request_.reset();
  if (!snapshot.beat.stamp.detector.empty()) take(snapshot.beat, now);
  const bool older = snapshot.publication.stamp.sequence < detector.publication_sequence;
  if (!snapshot.publication.topology || older) {
    if (!snapshot.publication.topology && !detector.topology)
      next_request_ = now + answer_within + jitter(answer_within);
    return false;
  }
  const bool news = hold(detector, snapshot.publication);
  if (detector.beaten && beats_[stamp.detector].version.digest == detector.version.digest) next_request_.reset();
  return news;
}

void Feed::refused(std::size_t index, Duration retry_after, TimePoint now) {
  if (index != index_) return;
  next_request_ = now + retry_after + jitter(retry_after);
  if (tries_ > 0) --tries_;  // it answered: no try
  unanswered_ = 0;
}

void Feed::need_snapshot(const Detector& detector, TimePoint now) {
  if (next_request_) return;
  index_ = index_of(detector);
  tries_ = 0;
  next_request_ = now + jitter(std::max(least_jitter, fleet_ * jitter_for_each));
}

/// Where to ask that detector: an answer has shown it, or else it is one of those that have not answered yet. Asking
/// another one again and again would never bring its topology.
std::size_t Feed::index_of(const Detector& detector) const {
  if (detector.index) return *detector.index;
  for (std::size_t i = 0; i < detectors_; ++i)
    if (std::none_of(known_.begin(), known_.end(), [&](const auto& entry) { return entry.second.index == i; }))
      return i;
  return index_;
}

Duration Feed::jitter(Duration window) {
  return Duration(std::uniform_int_distribution<Duration::rep>(0, std::max<Duration::rep>(window.count(), 1))(random_));
}

std::optional<std::size_t> Feed::due_request(TimePoint now) {
  if (!next_request_ || now < *next_request_ || detectors_ == 0) return std::nullopt;
  if (tries_ >= tries_a_server) {
    tries_ = 0;
    index_ = (index_ + 1) % detectors_;
  }
  ++tries_;
  // If no answer comes, again: more and more rarely, for as long as there is no detector at all.
  const Duration pause = std::min(longest_pause, answer_within * (1 + unanswered_ / tries_a_server));
  ++unanswered_;
  next_request_ = now + pause + jitter(pause / 2);
  return index_;
}

std::vector<Heard> Feed::heard(TimePoint now) const {
  std::vector<Heard> out;
  for (const auto& [id, d] : known_) {
    if (!d.topology) continue;
    out.push_back({id, d.topology, d.beaten && now - *d.beaten < live_for, d.degraded, d.reach});
  }
  return out;
}

std::vector<Ack> Feed::received() const {
  std::vector<Ack> out;
  for (const auto& [id, d] : known_)
    if (d.topology) out.push_back({.controller = {}, .detector = id, .start = d.start, .applied = d.version});
  return out;
}

std::optional<Duration> Feed::age(TimePoint now) const {
  std::optional<Duration> out;
  for (const auto& [id, d] : known_)
    if (d.beaten) out = std::min(out.value_or(Duration::max()), now - *d.beaten);
  return out;
}

std::map<std::string, Duration> Feed::ages(TimePoint now) const {
  std::map<std::string, Duration> out;
  for (const auto& [id, d] : known_)
    if (d.beaten) out[id] = now - *d.beaten;
  return out;
}

bool Feed::suspected(const NodeId& shard, TimePoint now) const {
  return std::any_of(known_.begin(), known_.end(), [&](const auto& entry) {
    const auto& [id, detector] = entry;
    if (!detector.beaten || now - *detector.beaten >= live_for) return false;
    const Beat& beat = beats_.at(id);
    return beat.status == DetectorStatus::suspect &&
           std::find(beat.suspects.begin(), beat.suspects.end(), shard) != beat.suspects.end();
  });
}

bool Feed::starting(TimePoint now) const {
  return std::any_of(known_.begin(), known_.end(), [&](const auto& entry) {
    const auto& [id, detector] = entry;
    return detector.beaten && now - *detector.beaten < live_for && beats_.at(id).status == DetectorStatus::starting;
  });
}

bool Feed::live(TimePoint now) const {
  const auto youngest = age(now);
  return youngest && *youngest < live_for;
}

}  // namespace dbha
