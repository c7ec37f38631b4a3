#include "detector/detector.hpp"

#include <algorithm>

#include "detector/conclusion.hpp"
#include "detector/targets.hpp"
#include "topology/diff.hpp"
#include "topology/digest.hpp"
#include "topology/hint_topic.hpp"
#include "topology/marks.hpp"
#include "topology/ranges.hpp"
#include "topology/validate.hpp"

namespace dbha {
namespace {

/// An answer counts for two and a half periods: one missed round does not make a node silent, two do.
constexpr double freshness = 2.5;
/// Between a beat and the next one, which a suspicion may ask for: a shard that flaps makes a few a second.
constexpr Duration shortest_beat_gap = std::chrono::milliseconds(250);

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
      peers_(settings_.peers, settings_.seed, now.time),
      evaluated_at_(now.time),
      reason_("no majority has answered yet") {
  if (!published_) return;
  version_ = version_of(*published_);
  envelopes_.know(version_);
  remember_marked(memory_, *published_);
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
      out.records.push_back({LogLevel::warning, "view_refused", text});
    return finish(std::move(out), now);
  }
  const Node* known = published_ ? published_->node(view.node) : nullptr;
  if (view.asked < answers_from_ || (known && from_an_earlier_life(*known, view.run_id)) ||
      heard_lives_.outdates(view)) {
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
  const Target* asked = lookout_.target(answer.endpoint);
  const View* view = asked ? observations_.latest(asked->id) : nullptr;
  if (asked && answer.role != Role::unknown && answer.role != (view ? view->role : asked->role))
    met({answer.role == Role::primary ? "promoted" : "demoted", asked->id, answer.endpoint}, now.time);
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
  const Target* asked = lookout_.target(endpoint);
  if (asked && asked->role == Role::primary) met({"no_answer", asked->id, endpoint}, now.time);
  lookout_.on_no_answer(endpoint, observations_, published_.get(), now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_unusable(const Endpoint& endpoint, const std::string& reason, Now now) {
  DetectorOutput out;
  for (const auto question : {Question::view, Question::role, Question::epoch, Question::alive})
    lookout_.prober().answered(endpoint, question);
  if (std::exchange(unusable_[endpoint], reason) != reason)
    out.records.push_back({LogLevel::error, "node_unusable", reason});
  dirty_ = true;
  return finish(std::move(out), now);
}

/// The answer ends the question, and says that the node permits it.
void Detector::answered(const Endpoint& endpoint, Question question) {
  lookout_.prober().answered(endpoint, question);
  permissions_.answered(endpoint, question, lookout_.prober());
}

DetectorOutput Detector::on_forbidden(const Endpoint& endpoint, Signal signal, const std::string& rule, Now now) {
  DetectorOutput out;
  if (permissions_.forbid(endpoint, signal, rule, lookout_.prober(), now.time))
    out.records.push_back({LogLevel::warning, "signal_forbidden",
                           std::string(text_of(signal)) + " at " + endpoint.text() +
                               ": changes are seen later; ACL SETUSER <user> " + rule + " allows it"});
  return finish(std::move(out), now);
}

DetectorOutput Detector::on_permitted(const Endpoint& endpoint, Signal signal, Now now) {
  permissions_.permit(endpoint, signal);
  return finish({}, now);
}

DetectorOutput Detector::on_hint(const Hint& hint, Now now) {
  met({text_of(hint.kind), hint.node, hint.endpoint, hint.detail}, now.time);
  lookout_.on_hint(hint, published_.get(), now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_tick(Now now) {
  // Answers grow old without anybody saying so: look at least four times in each period.
  dirty_ |= now.time - evaluated_at_ >= lookout_.prober().period() / 4;
  envelopes_.turn(version_, now.time);
  if (!tilt_until_) lookout_.look_closer(now.time);
  if (!tilt_until_) lookout_.ask_for_views(losses_.wanted(now.time));
  return finish({}, now);
}

/// True while nothing may be concluded, because this process itself was stopped and its picture is old. Looked at with
/// every input: after a stop the answers that waited in the sockets come before the tick.
bool Detector::tilt(DetectorOutput& out, TimePoint now) {
  const Duration late = now - std::exchange(last_input_, now);
  if (late > settings_.tilt_after) {
    observations_.clear();
    overruling_.reset();
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
  const auto& suspects = lookout_.prober().suspects();
  chronicle_.look(suspects, out.records, now.time);
  if (!tilt(out, now.time) && dirty_) evaluate(out, now);
  chronicle_.look(suspects, out.records, now.time);
  for (auto& ask : lookout_.prober().due(now.time)) out.asks.push_back(std::move(ask));
  if (const auto peer = peers_.due_request(now.time)) out.requests.push_back(*peer);
  // A snapshot bears the newest beat, which must know what is published.
  out.beat = out.publish || suspicion_to_tell(now.time);
  return out;
}

// ---- Conclusions

void Detector::evaluate(DetectorOutput& out, Now now) {
  dirty_ = false;
  evaluated_at_ = now.time;
  const auto held = joined(now.time);
  if (held && held != published_) drop_earlier_lives(*held, now.time);
  const Evidence seen = evidence(now.time);
  Grasp grasp = grasp_of(seen, held, now.time);
  out.endpoints = lookout_.set_targets(targets_of(seen, published_.get(), settings_.seeds));
  withheld_ = std::move(grasp.decision.withheld);
  note_withheld(out);
  if (grasp.decision.degraded) overruling_.reset();
  if (!grasp.decision.degraded && settled(seen, now.time)) {
    const auto overruled = due_to_overrule(grasp, seen, now.time);
    conclude(out, grasp, overruled, grasp.held->generation + (overruled.empty() ? 0 : 1), seen, now);
  }
  lookout_.concluded(grasp.candidate.voters, withheld_, memory_.pending, seen, now.time);
  lookout_.clear_suspicions(seen, published_.get());
  chronicle_.left_open(withheld_, now.time);
  chronicle_.confirm(grasp.candidate, seen, out.records, now.time);
  update_status(out, grasp.decision, now.time);
}

Detector::Grasp Detector::grasp_of(const Evidence& seen, std::shared_ptr<const Topology> held, TimePoint now) const {
  Grasp out;
  out.candidate = candidate_of(seen, settings_.voters);
  // A turn of an epoch needs answers asked for after the claim that it replaces was held, also if others brought it.
  const bool as_published = published_ && held->claims == published_->claims;
  out.held = held ? std::move(held) : std::make_shared<const Topology>(Topology{1, settings_.partitions, {}, {}, {}});
  out.decision = decide(out.held->claims, out.candidate, seen, as_published ? changed_at_ : now);
  return out;
}

void Detector::conclude(DetectorOutput& out, const Grasp& grasp, const PartitionMap<Claim>& overruled,
                        std::uint64_t generation, const Evidence& seen, Now now) {
  static const Topology nothing;
  const auto published = published_;  // publish() replaces it
  const auto before = memory_.pending;
  PartitionMap<Claim> claims = grasp.decision.claims;
  for (const auto& [range, claim] : overruled) claims.set(range, claim);
  if (!overruled.empty()) note_overruled(out, overruled, grasp.held->claims, generation);
  if (!published) remember_marked(memory_, *grasp.held);
  Conclusion next = dbha::conclude(
      {published ? *published : nothing, *grasp.held, claims, generation, grasp.candidate, seen, memory_, now.time});
  out.store = out.store || next.pending != memory_.pending;
  memory_.pending = std::move(next.pending);
  envelopes_.joined();
  next.topology.marks = losses_.learn(next.topology.marks, grasp.held->marks, seen, now.time);
  if (!published_ || next.topology != *published_) publish(out, std::move(next.topology), now);
  if (published_ != published)
    tell_publication(out, published ? *published : nothing, grasp, borne_out(overruled, grasp, seen), now.time);
  record_reshards(before, memory_.pending, due(published_->marks, published ? published->marks : PartitionMap<Mark>{}),
                  out.records);
  const ReshardWitness known = memory_.witness;
  remember(memory_, *grasp.held, *published_, seen, now.time, now.wall_ms);
  out.store = out.store || memory_.witness != known;  // what a reshard is told by after a restart
}

/// The very first topology waits for what others hold (R3), and until every member has answered or has had its time to:
/// it would be followed by others at once otherwise.
bool Detector::settled(const Evidence& seen, TimePoint now) const {
  if (listening(now)) return false;
  if (published_ || now - started_ > lookout_.prober().period()) return true;
  return std::all_of(lookout_.prober().targets().begin(), lookout_.prober().targets().end(),
                     [&](const Target& t) { return t.id.empty() || seen.of(t.id); });
}

bool Detector::listening(TimePoint now) const {
  return !published_ && now - started_ < settings_.listen;
}

void Detector::publish(DetectorOutput& out, Topology topology, Now now) {
  static const Topology nothing;
  NewTopology news;
  news.version = version_of(topology);
  news.diff = diff(published_ ? *published_ : nothing, topology);
  news.topology = std::make_shared<const Topology>(std::move(topology));
  published_ = news.topology;
  version_ = news.version;
  envelopes_.know(version_);
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
  if (text.empty()) return;
  Record record{.event = "claim_withheld", .detail = text};
  record.claims = records_of(withheld_);
  out.records.push_back(std::move(record));
}

// ---- Status

void Detector::update_status(DetectorOutput& out, const Decision& decision, TimePoint now) {
  if (decision.degraded) {
    std::string reason = decision.reason;
    for (const auto& [endpoint, why] : unusable_) reason += "; " + why;
    return set_status(out, DetectorStatus::degraded, std::move(reason));
  }
  if (listening(now))
    return set_status(out, DetectorStatus::starting,
                      "listens to what others hold before it publishes for the first time");
  if (const auto suspects = lookout_.prober().probed_fast(now); !suspects.empty())
    return set_status(out, DetectorStatus::suspect, "shard of " + short_id(suspects.front()));
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
  out.records.push_back(
      {well ? LogLevel::info : LogLevel::warning, std::string("detector_") + text_of(status), reason_});
}

/// Where a suspicion begins or ends a beat goes out at once: the fleet saves its hints, and connects to replicas ahead.
bool Detector::suspicion_to_tell(TimePoint now) const {
  return now - beaten_at_ >= shortest_beat_gap && lookout_.prober().probed_fast(now) != told_suspects_;
}

Beat Detector::beat(Now now) {
  Beat beat;
  beat.version = version_;
  beat.status = status_;
  beat.reason = reason_;
  beat.envelopes_wanted = envelopes_.wanted();
  beat.suspects = told_suspects_ = lookout_.prober().probed_fast(now.time);
  beaten_at_ = now.time;
  const Evidence seen = evidence(now.time);
  for (const auto& [id, view] : seen.views) {
    beat.reach.push_back(id);
    if (published_ && seen.serves(id)) vouch(beat.vouched, *published_, *view);
  }
  return beat;
}

}  // namespace dbha
