#include "detector/detector.hpp"

#include <algorithm>

#include "detector/membership.hpp"
#include "detector/targets.hpp"
#include "topology/diff.hpp"
#include "topology/digest.hpp"
#include "topology/ranges.hpp"
#include "topology/validate.hpp"

namespace dbha {
namespace {

/// An answer counts for two and a half periods: one missed round does not make a node silent, two do.
constexpr double freshness = 2.5;

/// The partitions that are published as the node's and that it claims itself.
void vouch(PartitionSet& vouched, const Topology& published, const View& own) {
  for (const auto owned : self_report(own).owns)
    within(published.claims, owned, [&](PartitionRange piece, const Claim& claim) {
      if (claim.owner == own.node) vouched.set(piece, {});
    });
}

TimePoint fresh_since(TimePoint now, Duration interval, TimePoint earliest) {
  const auto window = std::chrono::duration_cast<Duration>(freshness * std::chrono::duration<double>(interval));
  return std::max(now - window, earliest);
}

}  // namespace

Detector::Detector(DetectorSettings settings, Prober::Cost cost, DetectorState stored, Now now)
    : settings_(std::move(settings)),
      lookout_(settings_.probe, std::move(cost)),
      memory_(std::move(stored.memory)),
      published_(std::move(stored.topology)),
      started_(now.time),
      changed_at_(now.time),
      last_input_(now.time),
      answers_from_(now.time),
      evaluated_at_(now.time),
      reason_("no majority has answered yet") {
  if (!published_) return;
  version_ = version_of(*published_);
  // What was seen of the streams since it was stored is known only by the marks: an epoch above them is taken for a
  // sign of loss, because a spurious dbrestart is better than a missed one.
  for (const auto& entry : published_->marks) memory_.replid_epoch.try_emplace(entry.value.owner, entry.value.epoch);
  // Monotonic time means nothing to another process: the old owners have their time to answer once more.
  PartitionMap<PendingReshard> pending;
  for (auto [range, waiting] : memory_.pending) {
    waiting.since = now.time;
    pending.set(range, waiting);
  }
  memory_.pending = std::move(pending);
}

DetectorOutput Detector::start(Now now) {
  DetectorOutput out;
  out.endpoints = lookout_.set_targets(targets_of({}, published_.get(), settings_.seeds));
  return finish(std::move(out), now);
}

Evidence Detector::evidence(TimePoint now) const {
  const Pace& pace = lookout_.prober().pace();
  return observations_.fresh({fresh_since(now, pace.rotation, answers_from_),
                              fresh_since(now, pace.replica_rotation, answers_from_),
                              fresh_since(now, pace.period, answers_from_)});
}

// ---- Inputs

DetectorOutput Detector::on_view(View view, Now now) {
  DetectorOutput out;
  lookout_.prober().answered(view.endpoint, Question::view);
  unusable_.erase(view.endpoint);
  if (auto violation = violation_of(view, settings_.partitions)) {
    const std::string text = view.endpoint.text() + ": " + *violation;
    if (noted_violations_.size() < 1000 && noted_violations_.insert(text).second)
      out.notes.push_back({LogLevel::warning, "view_refused", text});
    return finish(std::move(out), now);
  }
  const Node* known = published_ ? published_->node(view.node) : nullptr;
  if (view.asked < answers_from_ || (known && from_an_earlier_life(*known, view.run_id))) {
    lookout_.prober().urgent(view.endpoint, Question::view);
    return finish(std::move(out), now);
  }
  dirty_ |= lookout_.awaits(view.node);
  dirty_ |= observations_.take(std::move(view));
  return finish(std::move(out), now);
}

DetectorOutput Detector::on_role(const RoleAnswer& answer, Now now) {
  answered(answer.endpoint, Question::role);
  if (answer.asked >= answers_from_) observations_.heard(answer.node, answer.asked);
  if (answer.asked >= answers_from_) lookout_.on_role(answer, observations_, published_.get(), now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_epoch(const EpochAnswer& answer, Now now) {
  answered(answer.endpoint, Question::epoch);
  if (answer.asked >= answers_from_) {
    dirty_ |= observations_.take(answer);
    lookout_.on_epoch(answer, observations_);
  }
  return finish({}, now);
}

DetectorOutput Detector::on_alive(const Endpoint& endpoint, Now now) {
  answered(endpoint, Question::alive);
  if (const Target* asked = lookout_.target(endpoint)) observations_.heard(asked->id, now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_no_answer(const Endpoint& endpoint, Question question, Now now) {
  lookout_.prober().unanswered(endpoint, question);
  lookout_.on_no_answer(endpoint, observations_, published_.get(), now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_unusable(const Endpoint& endpoint, const std::string& reason, Now now) {
  DetectorOutput out;
  for (const auto question : {Question::view, Question::role, Question::epoch, Question::alive})
    lookout_.prober().answered(endpoint, question);
  if (std::exchange(unusable_[endpoint], reason) != reason)
    out.notes.push_back({LogLevel::error, "node_unusable", reason});
  dirty_ = true;
  return finish(std::move(out), now);
}

/// The question that a signal is asked by; nothing for those that come by themselves.
static std::optional<Question> question_of(Signal signal) {
  if (signal == Signal::role) return Question::role;
  if (signal == Signal::epoch) return Question::epoch;
  if (signal == Signal::heartbeat) return Question::alive;
  return std::nullopt;
}

/// An answer to a question says that the node permits it.
void Detector::answered(const Endpoint& endpoint, Question question) {
  lookout_.prober().answered(endpoint, question);
  for (auto& [signal, nodes] : forbidden_)
    if (question_of(signal) == question && nodes.erase(endpoint) > 0) lookout_.prober().permit(endpoint, question);
}

DetectorOutput Detector::on_forbidden(const Endpoint& endpoint, Signal signal, const std::string& rule, Now now) {
  DetectorOutput out;
  if (const auto question = question_of(signal)) {
    lookout_.prober().answered(endpoint, *question);
    lookout_.prober().forbid(endpoint, *question, now.time);
  }
  forbidden_[signal][endpoint] = rule;
  if (noted_forbidden_.insert(signal).second)  // the nodes of a database have the same rules, nearly always
    out.notes.push_back({LogLevel::warning, "signal_forbidden",
                         std::string(text_of(signal)) + " at " + endpoint.text() +
                             ": changes are seen later; ACL SETUSER " + "<user> " + rule + " allows it"});
  return finish(std::move(out), now);
}

DetectorOutput Detector::on_permitted(const Endpoint& endpoint, Signal signal, Now now) {
  if (auto known = forbidden_.find(signal); known != forbidden_.end()) known->second.erase(endpoint);
  return finish({}, now);
}

DetectorOutput Detector::on_hint(const Hint& hint, Now now) {
  lookout_.on_hint(hint, published_.get(), now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_publication(const Publication&, Now now) {
  return finish({}, now);
}
DetectorOutput Detector::on_beat(const Beat&, Now now) {
  return finish({}, now);
}
DetectorOutput Detector::on_snapshot(std::size_t, const Snapshot&, Now now) {
  return finish({}, now);
}
DetectorOutput Detector::on_snapshot_refused(std::size_t, Duration, Now now) {
  return finish({}, now);
}
DetectorOutput Detector::on_held(const std::string&, const Version&, Now now) {
  return finish({}, now);
}
DetectorOutput Detector::on_envelope(const Publication&, Now now) {
  return finish({}, now);
}

DetectorOutput Detector::on_tick(Now now) {
  // Answers grow old without anybody saying so: look at least four times in each period.
  dirty_ |= now.time - evaluated_at_ >= lookout_.prober().period() / 4;
  if (!tilt_until_) lookout_.look_closer(now.time);
  return finish({}, now);
}

/// True while nothing may be concluded, because this process itself was stopped and its picture is old. Looked at with
/// every input: after a stop the answers that waited in the sockets come before the tick.
bool Detector::tilt(DetectorOutput& out, TimePoint now) {
  const Duration late = now - std::exchange(last_input_, now);
  if (late > settings_.tilt_after) {
    observations_.clear();
    answers_from_ = now;
    tilt_until_ = now + 2 * lookout_.prober().period();
    set_status(out, DetectorStatus::tilt,
               "this process was stopped for " +
                   std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late).count()) + " ms");
  }
  if (tilt_until_ && now >= *tilt_until_) {
    tilt_until_.reset();
    dirty_ = true;
  }
  return tilt_until_.has_value();
}

DetectorOutput Detector::finish(DetectorOutput out, Now now) {
  if (!tilt(out, now.time) && dirty_) evaluate(out, now);
  for (auto& ask : lookout_.prober().due(now.time)) out.asks.push_back(std::move(ask));
  return out;
}

// ---- Conclusions

void Detector::evaluate(DetectorOutput& out, Now now) {
  dirty_ = false;
  evaluated_at_ = now.time;
  const Evidence seen = evidence(now.time);
  const Candidate candidate = candidate_of(seen, settings_.voters);
  out.endpoints = lookout_.set_targets(targets_of(seen, published_.get(), settings_.seeds));
  Decision decision = decide(published_ ? published_->claims : PartitionMap<Claim>{}, candidate, seen, changed_at_);
  withheld_ = std::move(decision.withheld);
  note_withheld(out);
  if (!decision.degraded && settled(seen, now.time)) conclude(out, decision, candidate, seen, now);
  lookout_.concluded(candidate.voters, withheld_, memory_.pending, seen, now.time);
  lookout_.clear_suspicions(seen, published_.get());
  update_status(out, decision, now.time);
}

void Detector::conclude(DetectorOutput& out, const Decision& decision, const Candidate& candidate, const Evidence& seen,
                        Now now) {
  static const auto nothing = std::make_shared<const Topology>();
  const auto held = published_ ? published_ : nothing;  // publish() replaces it
  const Topology& before = *held;
  Topology after;
  after.generation = published_ ? published_->generation : 1;
  after.partitions = settings_.partitions;
  after.claims = decision.claims;
  after.nodes = members(before, decision.claims, candidate, seen);
  Marking marking = set_marks(before, after, seen, memory_, now.time);
  after.marks = std::move(marking.marks);
  out.store = marking.pending != memory_.pending;
  memory_.pending = std::move(marking.pending);
  if (!published_ || after != *published_) publish(out, std::move(after), now);
  remember(memory_, before, *published_, seen, now.wall_ms);
}

/// The very first topology waits until every member has answered or has had its time to: it would be followed by others
/// at once otherwise.
bool Detector::settled(const Evidence& seen, TimePoint now) const {
  if (published_ || now - started_ > lookout_.prober().period()) return true;
  return std::all_of(lookout_.prober().targets().begin(), lookout_.prober().targets().end(),
                     [&](const Target& t) { return t.id.empty() || seen.of(t.id); });
}

void Detector::publish(DetectorOutput& out, Topology topology, Now now) {
  static const Topology nothing;
  NewTopology news;
  news.version = version_of(topology);
  news.diff = diff(published_ ? *published_ : nothing, topology);
  news.topology = std::make_shared<const Topology>(std::move(topology));
  published_ = news.topology;
  version_ = news.version;
  changed_at_ = now.time;
  out.store = true;
  out.publish = std::move(news);
}

void Detector::note_withheld(DetectorOutput& out) {
  std::string text;
  for (const auto& w : withheld_)
    text += (text.empty() ? "" : "; ") + text_of(w.range) + " " + short_id(w.claim.owner) + "@" +
            std::to_string(w.claim.epoch.value) + ": " + w.reason;
  if (text == noted_withheld_) return;
  noted_withheld_ = text;
  if (!text.empty()) out.notes.push_back({LogLevel::info, "claim_withheld", text});
}

// ---- Status

void Detector::update_status(DetectorOutput& out, const Decision& decision, TimePoint now) {
  if (decision.degraded) {
    std::string reason = decision.reason;
    for (const auto& [endpoint, why] : unusable_) reason += "; " + why;
    return set_status(out, DetectorStatus::degraded, std::move(reason));
  }
  for (const auto& [shard, since] : lookout_.prober().suspects())
    if (lookout_.prober().probing_fast(shard, now))
      return set_status(out, DetectorStatus::suspect, "shard of " + short_id(shard));
  std::string reason;
  if (published_ && published_->covered() < settings_.partitions)
    reason = std::to_string(settings_.partitions - published_->covered()) + " of " +
             std::to_string(settings_.partitions) + " partitions have no owner";
  set_status(out, DetectorStatus::ok, std::move(reason));
}

void Detector::set_status(DetectorOutput& out, DetectorStatus status, std::string reason) {
  if (status == status_ && reason == reason_) return;
  status_ = status;
  reason_ = std::move(reason);
  const bool well = status == DetectorStatus::ok && reason_.empty();
  out.notes.push_back({well ? LogLevel::info : LogLevel::warning, std::string("detector_") + text_of(status), reason_});
}

Beat Detector::beat(Now now) const {
  Beat beat;
  beat.version = version_;
  beat.status = status_;
  beat.reason = reason_;
  const Evidence seen = evidence(now.time);
  for (const auto& [id, view] : seen.views) {
    beat.reach.push_back(id);
    if (published_ && seen.serves(id)) vouch(beat.vouched, *published_, *view);
  }
  return beat;
}

}  // namespace dbha
