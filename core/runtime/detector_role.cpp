#include "runtime/detector_role.hpp"

#include <algorithm>

#include <dbha_bus/subscriber.hpp>

#include "detector/resync_window.hpp"
#include "runtime/random_seed.hpp"
#include "runtime/wall_clock.hpp"
#include "topology/diff.hpp"
#include "topology/json.hpp"

namespace dbha {
namespace {

constexpr Duration beat_period = std::chrono::seconds(1);

DetectorSettings settings_of(const std::string& name, const DetectorConfig& config, const Backend& backend) {
  DetectorSettings out;
  out.name = name;
  out.peers = config.peers.size();
  out.seed = random_seed();
  out.listen = config.listen;
  out.reset_after = config.reset_after;
  out.probe.period = config.period;
  out.probe.suspect_for = config.suspect_for;
  out.probe.signals = config.signals;
  out.probe.commands_per_second = config.probe_budget;
  out.probe.bytes_per_second = static_cast<double>(config.probe_bytes);
  out.tilt_after = config.tilt_after;
  out.partitions = backend.traits().partitions;
  out.voters = backend.traits().voters;
  out.seeds = backend.seeds();
  return out;
}

bus::SubscriberSettings peers_of(const Config& config) {
  bus::SubscriberSettings out;
  out.cluster = config.cluster;
  out.controller = config.name;
  out.peer = true;
  for (const auto& peer : config.detector->peers) out.detectors.push_back({peer.publish, peer.control});
  return out;
}

}  // namespace

DetectorRole::DetectorRole(EventLoop& loop, Log& log, const Config& config, const bus::Context& bus, Backend& backend,
                           StateStore& store)
    : loop_(loop),
      log_(log),
      store_(store),
      name_(config.name),
      seeds_(backend.seeds()),
      limit_(5, std::chrono::seconds(10)),
      history_limit_(100, std::chrono::seconds(10)),
      signals_(config.detector->signals),
      resync_spacing_(config.detector->resync_spacing),
      detector_(
          settings_of(config.name, *config.detector, backend),
          [&backend](Question question, std::size_t nodes) { return backend.cost(question, nodes); }, store.detector(),
          now()),
      configured_peers_(config.detector->peers.size()) {
  bus::PublisherSettings settings;
  settings.cluster = config.cluster;
  settings.detector = config.name;
  settings.start = store.next_start(wall_clock_ms());
  settings.publish = config.detector->bind.publish;
  settings.control = config.detector->bind.control;
  publisher_ = bus::open_publisher(bus, loop, log, *this, settings);
  log_.info("detector_started",
            {{"publish", publisher_->publish_endpoint()}, {"control", publisher_->control_endpoint()}});
  // What was published before the restart is served at once, with a status that says how far to trust it.
  if (detector_.published()) publisher_->publish(detector_.version(), detector_.published());
  send_beat();
  if (configured_peers_ > 0) peers_ = bus::open_subscriber(bus, loop, log, *this, peers_of(config));
  for (const auto& seed : seeds_) troubles_[seed] = "no answer yet";
  source_ = backend.open_source(*this, config.detector->probe_timeout);
  source_->use(signals_);
  perform(detector_.start(now()));
  tick_ = Timer(loop_, detector_.next_tick(loop_.now()), [this]() -> std::optional<Duration> {
    tick();
    return detector_.next_tick(loop_.now());
  });
  beat_ = Timer(loop_, beat_period, [this]() -> std::optional<Duration> {
    fleet_.forget_gone(loop_.now());
    send_beat();
    return beat_period;
  });
}

Now DetectorRole::now() const {
  return {loop_.now(), wall_clock_ms()};
}

void DetectorRole::on_view(View view) {
  troubles_.erase(view.endpoint);
  perform(detector_.on_view(std::move(view), now()));
}
void DetectorRole::on_role(RoleAnswer answer) {
  perform(detector_.on_role(answer, now()));
}
void DetectorRole::on_epoch(EpochAnswer answer) {
  perform(detector_.on_epoch(answer, now()));
}
void DetectorRole::on_alive(Endpoint endpoint, NodeId, TimePoint, TimePoint) {
  perform(detector_.on_alive(endpoint, now()));
}
void DetectorRole::on_no_answer(Endpoint endpoint, Question question, TimePoint) {
  troubles_.try_emplace(endpoint, "no answer");
  perform(detector_.on_no_answer(endpoint, question, now()));
}
void DetectorRole::on_unusable(Endpoint endpoint, std::string reason) {
  troubles_[endpoint] = reason;
  perform(detector_.on_unusable(endpoint, reason, now()));
}
void DetectorRole::on_hint(Hint hint) {
  if (!hint.detail.empty()) troubles_[hint.endpoint] = hint.detail;
  const bool lost = hint.kind == HintKind::connection_lost || hint.kind == HintKind::refused;
  if (lost && !signals_.has(Signal::connection)) return;
  perform(detector_.on_hint(hint, now()));
}
void DetectorRole::on_forbidden(const Endpoint& endpoint, Signal signal, const std::string& rule) {
  perform(detector_.on_forbidden(endpoint, signal, rule, now()));
}
void DetectorRole::on_permitted(const Endpoint& endpoint, Signal signal) {
  perform(detector_.on_permitted(endpoint, signal, now()));
}
void DetectorRole::on_hint(std::string controller, Hint hint) {
  if (!signals_.has(Signal::hints)) return;
  hint.detail = "told by controller " + controller;
  const HintTopic topic = topic_of(hint, detector_.published().get());
  const bool suspect = detector_.prober().suspects().contains(topic.shard);
  const bool allowed = fleet_.allows_hint(controller, loop_.now());
  const auto verdict = intake_.take(hint, topic, suspect, allowed, loop_.now());
  if (!allowed && limit_.allow("hints_limited", loop_.now()))
    log_.warning("hints_limited", {{"controller", controller}, {"newest", text_of(hint.kind)}});
  if (verdict == HintVerdict::look) perform(detector_.on_hint(hint, now()));
}
void DetectorRole::on_ack(Ack ack) {
  fleet_.on_ack(ack, loop_.now());
  perform(detector_.on_held(ack.controller, ack.applied, now()));
}
void DetectorRole::on_hello(std::string controller, bool peer) {
  if (!peer) fleet_.on_hello(controller, loop_.now());
}
void DetectorRole::on_envelope(std::string, Publication publication) {
  perform(detector_.on_envelope(publication, now()));
}
void DetectorRole::on_publication(Publication publication) {
  perform(detector_.on_publication(publication, now()));
}
void DetectorRole::on_beat(Beat beat) {
  perform(detector_.on_beat(beat, now()));
}
void DetectorRole::on_snapshot(std::size_t peer, Snapshot snapshot) {
  perform(detector_.on_snapshot(peer, snapshot, now()));
}
void DetectorRole::on_snapshot_refused(std::size_t peer, Duration retry_after) {
  perform(detector_.on_snapshot_refused(peer, retry_after, now()));
}
void DetectorRole::on_garbage(std::string) {}  // the bus has logged it
std::string DetectorRole::reset() {
  Reset reset = detector_.reset(now());
  const auto outcome = reset.refused.empty() ? "published " + detector_.version().text() : reset.refused;
  log_.warning("reset_by_hand", {{"outcome", outcome}});
  history_.add({{"what", "reset_by_hand"}, {"outcome", outcome}}, loop_.now(), wall_clock_ms());
  perform(std::move(reset.output));
  return reset.refused;
}
void DetectorRole::tick() {
  for (const auto& hint : intake_.due(loop_.now())) perform(detector_.on_hint(hint, now()));
  perform(detector_.on_tick(now()));
}

void DetectorRole::perform(DetectorOutput output) {
  const TimePoint begun = std::chrono::steady_clock::now();
  if (output.endpoints) {
    source_->set_endpoints(*output.endpoints);
    forget_troubles();
  }
  if (output.store) save();
  if (output.publish) publish(*output.publish);
  const Duration taken = std::chrono::steady_clock::now() - begun;
  if (output.beat) send_beat();
  for (const auto& ask : output.asks) source_->ask(ask.endpoint, ask.question);
  tell(output, taken);
  if (!peers_) return;
  for (const auto peer : output.requests) peers_->request_snapshot(peer);
}

/// Before anything is published: what a controller has heard of must not be forgotten by the detector.
void DetectorRole::save() {
  try {
    store_.save_detector(detector_.state());
  } catch (const Error& e) {
    log_.error("topology_not_stored", {{"reason", e.what()}});  // the fleet's routing matters more than the memory
  }
}

void DetectorRole::publish(const NewTopology& news) {
  publisher_->publish(news.version, news.topology);
  log_.info("topology_published", {{"version", news.version.text()}, {"changes", text_of(news.diff)}});
}

/// Last, because nobody waits for it; in the order in which it happened all the same.
void DetectorRole::tell(const DetectorOutput& output, Duration taken) {
  const std::size_t before = output.publish ? output.publish->told_before : 0;
  for (std::size_t i = 0; i < before; ++i) tell(output.records[i]);
  if (output.publish) {
    const NewTopology& news = *output.publish;
    nlohmann::json entry = {
        {"what", "published"},
        {"version", news.version.text()},
        {"changes", text_of(news.diff)},
        {"storing_and_sending_us", std::chrono::duration_cast<std::chrono::microseconds>(taken).count()}};
    if (!news.evidence.empty()) entry["evidence"] = to_json(news.evidence);
    if (!news.marked.empty()) entry["marks"] = to_json(news.marked);
    history_.add(std::move(entry), loop_.now(), wall_clock_ms());
  }
  for (std::size_t i = before; i < output.records.size(); ++i) tell(output.records[i]);
}

void DetectorRole::tell(const Record& record) {
  const bool matters = record.level >= LogLevel::warning;
  if (matters || limit_.allow(record.event, loop_.now()))
    log_.write(record.level, record.event, {{"detail", record.detail}});
  if (matters || history_limit_.allow(record.event, loop_.now()))
    history_.mention(to_json(record), loop_.now(), wall_clock_ms());
}

void DetectorRole::send_beat() {
  Beat beat = detector_.beat(now());
  beat.controllers = static_cast<std::uint32_t>(fleet_.members().size());
  beat.resync_window = resync_window(fleet_.members().size(), beat.status, resync_spacing_);
  history_.mention({{"what", "beat"},
                    {"status", text_of(beat.status)},
                    {"reason", beat.reason},
                    {"version", beat.version.known() ? beat.version.text() : ""},
                    {"controllers", beat.controllers}},
                   loop_.now(), wall_clock_ms());
  publisher_->beat(std::move(beat));
}

/// Of those that are neither seeds nor asked any more.
void DetectorRole::forget_troubles() {
  const auto asked = [&](const Endpoint& endpoint) {
    const auto& targets = detector_.prober().targets();
    return std::any_of(targets.begin(), targets.end(), [&](const Target& t) { return t.endpoint == endpoint; });
  };
  std::erase_if(troubles_, [&](const auto& trouble) {
    return !asked(trouble.first) && std::find(seeds_.begin(), seeds_.end(), trouble.first) == seeds_.end();
  });
}

nlohmann::json DetectorRole::seeds_json() const {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& seed : seeds_) {
    const auto trouble = troubles_.find(seed);
    out.push_back({{"endpoint", seed.text()}, {"trouble", trouble == troubles_.end() ? "" : trouble->second}});
  }
  return out;
}

nlohmann::json DetectorRole::peers_json() const {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& [name, age] : detector_.peers().ages(loop_.now())) {
    const Beat& beat = detector_.peers().beats().at(name);
    out.push_back({{"name", name},
                   {"live", age < Feed::live_for},
                   {"status", text_of(beat.status)},
                   {"reason", beat.reason},
                   {"version", beat.version.known() ? beat.version.text() : ""},
                   {"heard_ms", std::chrono::duration_cast<std::chrono::milliseconds>(age).count()}});
  }
  return out;
}

nlohmann::json DetectorRole::controllers_json() const {
  nlohmann::json controllers = nlohmann::json::array();
  for (const auto& [name, member] : fleet_.members()) {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - member.since).count();
    controllers.push_back({{"name", name},
                           {"applied", member.applied.known() ? member.applied.text() : ""},
                           {"current", member.applied == detector_.version()},
                           {"for_ms", since},
                           {"pending", member.pending},
                           {"hints_refused", member.hints_refused}});
  }
  return controllers;
}

/// Of the kinds that have been received at all.
nlohmann::json DetectorRole::hints_json() const {
  nlohmann::json out = nlohmann::json::object();
  for (const HintKind kind : hint_kinds) {
    const auto& counts = intake_.counts(kind);
    if (counts.received == 0) continue;
    out[text_of(kind)] = {{"received", counts.received}, {"coalesced", counts.coalesced}, {"limited", counts.limited}};
  }
  return out;
}

/// What ACLs forbid, with the rule that would allow it.
nlohmann::json DetectorRole::forbidden_json() const {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& [signal, nodes] : detector_.forbidden()) {
    if (nodes.empty()) continue;
    out.push_back({{"signal", text_of(signal)},
                   {"nodes", nodes.size()},
                   {"first", nodes.begin()->first.text()},
                   {"acl", nodes.begin()->second}});
  }
  return out;
}

nlohmann::json DetectorRole::status() const {
  nlohmann::json peers = peers_json();
  const auto live = std::count_if(peers.begin(), peers.end(), [](const auto& p) { return p.at("live") == true; });
  return {{"status", text_of(detector_.status())},
          {"reason", detector_.reason()},
          {"version", detector_.version().known() ? detector_.version().text() : ""},
          {"seeds", seeds_json()},
          {"publish", publisher_->publish_endpoint()},
          {"control", publisher_->control_endpoint()},
          {"peers", std::move(peers)},
          {"peers_configured", configured_peers_},
          {"peers_missing", configured_peers_ - std::min(configured_peers_, static_cast<std::size_t>(live))},
          {"controllers", controllers_json()},
          {"current_controllers", fleet_.holding(detector_.version())},
          {"probe_commands", detector_.prober().commands()},
          {"hints", hints_json()},
          {"forbidden", forbidden_json()},
          {"history", history_.json()}};
}

}  // namespace dbha
