#include "detector/detector.hpp"

#include <algorithm>

#include "detector/conclusion.hpp"
#include "detector/peers.hpp"
#include "detector/targets.hpp"
#include "topology/diff.hpp"
#include "topology/digest.hpp"
#include "topology/ranges.hpp"
#include "topology/validate.hpp"

namespace dbha {
namespace {

/// An answer counts for two and a half periods: one missed round does not make a node silent, two do.
constexpr double freshness = 2.5;
/// While a change is seen and not yet borne out, the voters are asked again this often; and ever more rarely, because a
/// claim that nobody bears out may stand for hours (a node that is cut off) and must not eat the budget of the rounds.
constexpr Duration look_again = std::chrono::milliseconds(10);

/// The partitions that are published as the node's and that it claims itself.
void vouch(PartitionSet& vouched, const Topology& published, const View& own) {
  for (const auto range : self_report(own).owns) {
    PartitionSet said;
    said.set(range, {});
    walk(said, published.claims, [&](PartitionRange piece, const Member* mine, const Claim* claim) {
      if (mine && claim && claim->owner == own.node) vouched.set(piece, {});
    });
  }
}

}  // namespace

Detector::Detector(DetectorSettings settings, Prober::Cost cost, DetectorState stored, Now now)
    : settings_(std::move(settings)),
      prober_(settings_.probe, std::move(cost)),
      memory_(std::move(stored.memory)),
      published_(std::move(stored.topology)),
      started_(now.time),
      changed_at_(now.time),
      last_input_(now.time),
      answers_from_(now.time),
      peers_(settings_.peers, settings_.seed, now.time),
      evaluated_at_(now.time),
      looked_closer_(now.time),
      reason_("no majority has answered yet") {
  if (!published_) return;
  version_ = version_of(*published_);
  envelopes_.know(version_);
  remember_marked(*published_);
  // Monotonic time means nothing to another process: the old owners have their time to answer once more.
  PartitionMap<PendingReshard> pending;
  for (auto [range, waiting] : memory_.pending) {
    waiting.since = now.time;
    pending.set(range, waiting);
  }
  memory_.pending = std::move(pending);
}

/// What was seen of the streams since it was stored, or by others, is known only by the marks: an epoch above them is
/// taken for a sign of loss, because a spurious dbrestart is better than a missed one.
void Detector::remember_marked(const Topology& topology) {
  for (const auto& entry : topology.marks) memory_.replid_epoch.try_emplace(entry.value.owner, entry.value.epoch);
}

DetectorOutput Detector::start(Now now) {
  DetectorOutput out;
  set_targets(out, {});
  return finish(std::move(out), now);
}

Evidence Detector::evidence(TimePoint now) const {
  const auto window = std::chrono::duration_cast<Duration>(freshness * std::chrono::duration<double>(prober_.period()));
  return observations_.fresh(std::max(now - window, answers_from_));
}

// ---- Inputs

DetectorOutput Detector::on_view(View view, Now now) {
  DetectorOutput out;
  prober_.answered(view.endpoint, Question::view);
  unusable_.erase(view.endpoint);
  if (auto violation = violation_of(view, settings_.partitions)) {
    const std::string text = view.endpoint.text() + ": " + *violation;
    if (noted_violations_.size() < 1000 && noted_violations_.insert(text).second)
      out.notes.push_back({LogLevel::warning, "view_refused", text});
    return finish(std::move(out), now);
  }
  const Node* known = published_ ? published_->node(view.node) : nullptr;
  if (view.asked < answers_from_ || (known && from_an_earlier_life(*known, view.run_id))) {
    prober_.urgent(view.endpoint, Question::view);
    return finish(std::move(out), now);
  }
  dirty_ |= awaited(view.node);
  dirty_ |= observations_.take(std::move(view));
  return finish(std::move(out), now);
}

DetectorOutput Detector::on_role(const RoleAnswer& answer, Now now) {
  prober_.answered(answer.endpoint, Question::role);
  const Target* asked = target(answer.endpoint);
  if (asked && !asked->id.empty() && answer.asked >= answers_from_) {
    const View* view = observations_.latest(asked->id);
    const bool news = answer.role != Role::unknown && (!view || view->role != answer.role);
    if (news) {
      // Promoted: its own view and the voters' epochs are all that an announcement needs. Demoted: its replicas know
      // more.
      suspect(asked->shard, now.time);
      prober_.urgent(answer.endpoint, Question::view);
      if (answer.role == Role::primary) ask_voters(Question::epoch);
      if (answer.role == Role::replica) ask_shard(asked->shard, Question::view);
    }
  }
  return finish({}, now);
}

DetectorOutput Detector::on_epoch(const EpochAnswer& answer, Now now) {
  prober_.answered(answer.endpoint, Question::epoch);
  if (answer.asked >= answers_from_) dirty_ |= observations_.take(answer);
  return finish({}, now);
}

DetectorOutput Detector::on_alive(const Endpoint& endpoint, Now now) {
  prober_.answered(endpoint, Question::alive);
  return finish({}, now);
}

DetectorOutput Detector::on_no_answer(const Endpoint& endpoint, Question question, Now now) {
  prober_.unanswered(endpoint, question);
  // Silence is a sign only from a node that has spoken before: at the start nobody is connected yet.
  const Target* asked = target(endpoint);
  if (asked && asked->role == Role::primary && observations_.latest(asked->id)) suspect(asked->shard, now.time);
  return finish({}, now);
}

DetectorOutput Detector::on_unusable(const Endpoint& endpoint, const std::string& reason, Now now) {
  DetectorOutput out;
  for (const auto question : {Question::view, Question::role, Question::epoch, Question::alive})
    prober_.answered(endpoint, question);
  if (std::exchange(unusable_[endpoint], reason) != reason)
    out.notes.push_back({LogLevel::error, "node_unusable", reason});
  dirty_ = true;
  return finish(std::move(out), now);
}

DetectorOutput Detector::on_hint(const Hint& hint, Now now) {
  NodeId node = hint.node;
  if (node.empty())
    if (const Target* known = target(hint.endpoint)) node = known->id;
  if (node.empty() && hint.partition && published_)
    if (const Node* owner = published_->owner(*hint.partition)) node = owner->id;
  const Target* concerned = target(node);
  if (!concerned) return finish({}, now);
  const bool gone =
      hint.kind == HintKind::connection_lost || hint.kind == HintKind::refused || hint.kind == HintKind::silent;
  if (concerned->role == Role::replica && gone) return finish({}, now);  // it takes nothing with it
  const bool first = !prober_.suspects().contains(concerned->shard);
  suspect(concerned->shard, now.time);
  if (first &&
      (hint.kind == HintKind::demoted || hint.kind == HintKind::redirected || hint.kind == HintKind::read_only)) {
    ask_shard(concerned->shard, Question::view);
    ask_voters(Question::epoch);
  }
  return finish({}, now);
}

// ---- What others hold

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
void Detector::drop_earlier_lives(const Topology& joined) {
  for (const auto& node : joined.nodes) {
    const View* view = observations_.latest(node.id);
    if (!view || !from_an_earlier_life(node, view->run_id)) continue;
    prober_.urgent(view->endpoint, Question::view);
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

DetectorOutput Detector::on_tick(Now now) {
  // Answers grow old without anybody saying so: look at least four times in each period.
  dirty_ |= now.time - evaluated_at_ >= prober_.period() / 4;
  envelopes_.turn(version_, now.time);
  if (!tilt_until_) look_closer(now.time);
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
    tilt_until_ = now + 2 * prober_.period();
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
  for (auto& ask : prober_.due(now.time)) out.asks.push_back(std::move(ask));
  if (const auto peer = peers_.due_request(now.time)) out.requests.push_back(*peer);
  return out;
}

// ---- Conclusions

void Detector::evaluate(DetectorOutput& out, Now now) {
  dirty_ = false;
  evaluated_at_ = now.time;
  const auto held = joined(now.time);
  if (held && held != published_) drop_earlier_lives(*held);
  const Evidence seen = evidence(now.time);
  Grasp grasp = grasp_of(seen, held, now.time);
  voters_ = grasp.candidate.voters;
  set_targets(out, seen);
  const bool waited = waiting();
  withheld_ = std::move(grasp.decision.withheld);
  note_withheld(out);
  if (grasp.decision.degraded) overruling_.reset();
  if (!grasp.decision.degraded && settled(seen, now.time)) {
    const auto overruled = due_to_overrule(grasp, seen, now.time);
    conclude(out, grasp, overruled, grasp.held->generation + (overruled.empty() ? 0 : 1), seen, now);
  }
  if (!waited) waiting_since_ = now.time;
  clear_suspicions(seen);
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

void Detector::conclude(DetectorOutput& out, const Grasp& grasp, const PartitionMap<Claim>& overruled,
                        std::uint64_t generation, const Evidence& seen, Now now) {
  static const Topology nothing;
  const auto published = published_;  // publish() replaces it
  PartitionMap<Claim> claims = grasp.decision.claims;
  for (const auto& [range, claim] : overruled) claims.set(range, claim);
  if (!overruled.empty()) note_overruled(out, overruled, grasp.held->claims, generation);
  if (!published) remember_marked(*grasp.held);
  Conclusion next = dbha::conclude(
      {published ? *published : nothing, *grasp.held, claims, generation, grasp.candidate, seen, memory_, now.time});
  out.store = out.store || next.pending != memory_.pending;
  memory_.pending = std::move(next.pending);
  envelopes_.joined();
  if (!published_ || next.topology != *published_) publish(out, std::move(next.topology), now);
  remember(memory_, *grasp.held, *published_, seen, now.wall_ms);
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
  out.notes.push_back({LogLevel::warning, "claims_overruled", text});
}

/// The very first topology waits for what others hold (R3), and until every member has answered or has had its time to:
/// it would be followed by others at once otherwise.
bool Detector::settled(const Evidence& seen, TimePoint now) const {
  if (listening(now)) return false;
  if (published_ || now - started_ > prober_.period()) return true;
  return std::all_of(prober_.targets().begin(), prober_.targets().end(),
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
  if (!text.empty()) out.notes.push_back({LogLevel::info, "claim_withheld", text});
}

// ---- Looking again

bool Detector::waiting() const {
  return !memory_.pending.empty() ||
         std::any_of(withheld_.begin(), withheld_.end(), [](const Withheld& w) { return !w.lower; });
}

/// An answer that says nothing new decides all the same: that it was given after the change is what was waited for.
bool Detector::awaited(const NodeId& node) const {
  const auto& pending = memory_.pending;
  return std::any_of(pending.begin(), pending.end(), [&](const auto& entry) { return entry.value.from == node; });
}

void Detector::look_closer(TimePoint now) {
  const Duration pause = std::clamp((now - waiting_since_) / 4, look_again, prober_.period());
  if (!waiting() || now - looked_closer_ < pause) return;
  looked_closer_ = now;
  for (const auto& [range, pending] : memory_.pending)
    if (const Target* old = target(pending.from)) prober_.urgent(old->endpoint, Question::view);
  if (withheld_.empty()) return;
  ask_voters(Question::epoch);
  for (const auto& w : withheld_)
    if (const Target* owner = target(w.claim.owner)) prober_.urgent(owner->endpoint, Question::view);
}

/// A shard that owns nothing hides no new owner: a dead former primary would be suspect again with each question that
/// it does not answer.
void Detector::suspect(const NodeId& shard, TimePoint now) {
  const auto owned_by_it = [&](const auto& entry) { return entry.value.owner == shard; };
  if (published_ && std::none_of(published_->claims.begin(), published_->claims.end(), owned_by_it)) return;
  prober_.suspect(shard, now);
}

void Detector::ask_voters(Question question) {
  for (const auto& voter : voters_)
    if (const Target* t = target(voter)) prober_.urgent(t->endpoint, question);
}

void Detector::ask_shard(const NodeId& shard, Question question) {
  for (const auto& t : prober_.targets())
    if (t.shard == shard) prober_.urgent(t.endpoint, question);
}

/// A suspicion ends when the shard's partitions have found their owner: another node, or the same one in an answer
/// asked for since.
void Detector::clear_suspicions(const Evidence& seen) {
  if (!published_) return;
  std::vector<NodeId> over;
  for (const auto& [shard, since] : prober_.suspects()) {
    const View* own = seen.of(shard);
    const bool owns = !partitions_of(*published_, shard).empty();
    const bool well = own && own->asked > since && own->role == Role::primary && seen.serves(shard);
    if (!owns || well) over.push_back(shard);
  }
  for (const auto& shard : over) prober_.clear(shard);
}

void Detector::set_targets(DetectorOutput& out, const Evidence& seen) {
  auto targets = targets_of(seen, published_.get(), settings_.seeds);
  if (targets == prober_.targets()) return;
  std::vector<Endpoint> endpoints;
  for (const auto& t : targets) endpoints.push_back(t.endpoint);
  prober_.set_targets(std::move(targets));
  out.endpoints = std::move(endpoints);
}

const Target* Detector::target(const Endpoint& endpoint) const {
  const auto& all = prober_.targets();
  auto it = std::find_if(all.begin(), all.end(), [&](const Target& t) { return t.endpoint == endpoint; });
  return it == all.end() ? nullptr : &*it;
}

const Target* Detector::target(const NodeId& id) const {
  if (id.empty()) return nullptr;
  const auto& all = prober_.targets();
  auto it = std::find_if(all.begin(), all.end(), [&](const Target& t) { return t.id == id; });
  return it == all.end() ? nullptr : &*it;
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
  for (const auto& [shard, since] : prober_.suspects())
    if (prober_.probing_fast(shard, now))
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
  beat.envelopes_wanted = envelopes_.wanted();
  const Evidence seen = evidence(now.time);
  for (const auto& [id, view] : seen.views) {
    beat.reach.push_back(id);
    if (published_ && seen.serves(id)) vouch(beat.vouched, *published_, *view);
  }
  return beat;
}

}  // namespace dbha
