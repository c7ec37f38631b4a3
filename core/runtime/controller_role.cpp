#include "runtime/controller_role.hpp"

#include <dbha_bus/subscriber.hpp>

#include <dbha/error.hpp>

#include "runtime/handlers_json.hpp"
#include "runtime/random_seed.hpp"
#include "runtime/wall_clock.hpp"
#include "topology/diff.hpp"
#include "topology/json.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

/// The handler of this process's own.
constexpr char journal[] = "journal";
constexpr Duration tick_period = std::chrono::milliseconds(20);
/// Repeated, so that a detector that was restarted learns of the whole fleet, and one that is gone is missed.
constexpr Duration ack_period = std::chrono::seconds(5);

ControllerSettings settings_of(const Config& config, const Backend& backend) {
  ControllerSettings out;
  out.name = config.name;
  out.cluster = config.cluster;
  out.detectors = config.controller->detectors.size();
  out.seed = random_seed();
  if (config.controller->on_detector_loss == OnDetectorLoss::self_detect)
    out.self_detect = {
        {config.controller->self_detect_after, static_cast<double>(config.controller->self_detect_budget)},
        [&backend](std::size_t nodes) {
          const QuestionCost each = backend.cost(Question::view, nodes);
          const auto n = static_cast<unsigned>(nodes);
          return QuestionCost{each.commands * n, each.bytes * n};
        },
        backend.traits().voters};
  return out;
}

DatabaseSettings database_settings(const Config& config) {
  const ControllerConfig& c = *config.controller;
  return {.call_deadline = c.call_deadline,
          .apply_timeout = c.apply_timeout,
          .probe_timeout = c.probe_timeout,
          .max_redirects = c.max_redirects,
          .queue_calls = c.queue_calls,
          .queue_bytes = c.queue_bytes,
          .client_name = config.name};
}

bus::SubscriberSettings bus_settings(const Config& config) {
  bus::SubscriberSettings out;
  out.cluster = config.cluster;
  out.controller = config.name;
  for (const auto& detector : config.controller->detectors)
    out.detectors.push_back({detector.publish, detector.control});
  return out;
}

}  // namespace

ControllerRole::ControllerRole(EventLoop& loop, Log& log, const Config& config, const bus::Context& bus,
                               Backend& backend, StateStore& store)
    : loop_(loop),
      log_(log),
      backend_(backend),
      name_(config.name),
      cluster_(config.cluster),
      config_(*config.controller),
      waiting_for_("no detector has answered yet"),
      state_(settings_of(config, backend), loop.now()),
      relay_(random_seed()),
      database_(backend.open_database(*this, database_settings(config))),
      hub_(loop, log, store,
           {.controller = config.name,
            .cluster = config.cluster,
            .hold_down = config_.hold_down,
            .handler_slow = config_.handler_slow,
            .seed = random_seed()}),
      beside_detector_(config.detector.has_value()) {
  // Always there: what was due to this process stands in its log and in its history, whether or not a handler is
  // configured.
  hub_.subscribe({"dbrestart", "loss_known"}, journal,
                 [this](const Event& event) {
                   loop_.post([this, event] { record(to_json(event)); });
                   return true;
                 },
                 {.at_once = true});
  // Subscribed first, asked for a snapshot second: what is published in between is heard.
  subscriber_ = bus::open_subscriber(bus, loop, log, *this, bus_settings(config));
  tick_ = Timer(loop_, tick_period, [this]() -> std::optional<Duration> {
    perform(state_.on_tick(loop_.now()));
    return tick_period;
  });
  acks_ = Timer(loop_, ack_period, [this]() -> std::optional<Duration> {
    send_acks(state_.acks());
    return ack_period;
  });
}

ControllerRole::~ControllerRole() {
  tick_.reset();
  acks_.reset();
  hints_.reset();
  subscriber_.reset();
  database_->close();
}

void ControllerRole::on_publication(Publication publication) {
  perform(state_.on_publication(publication, loop_.now()));
}
void ControllerRole::on_beat(Beat beat) {
  mention(beat);
  spread(beat);
  perform(state_.on_beat(beat, loop_.now()));
  if (!beat.suspects.empty()) database_->prepare_failover(beat.suspects);
}
void ControllerRole::on_snapshot(std::size_t detector, Snapshot snapshot) {
  spread(snapshot.beat);
  perform(state_.on_snapshot(detector, snapshot, loop_.now()));
}
void ControllerRole::on_snapshot_refused(std::size_t detector, Duration retry_after) {
  perform(state_.on_snapshot_refused(detector, retry_after, loop_.now()));
}
void ControllerRole::on_garbage(std::string) {
  ++garbage_;
}  // the bus has logged it
void ControllerRole::on_hint(Hint hint) {
  relay_.take(hint, state_.applied().get(), state_.feed().fleet(), loop_.now());
  hints_.reset();
  if (const auto next = send_hints()) hints_ = Timer(loop_, *next, [this] { return send_hints(); });
}
void ControllerRole::on_subscription_interrupted(SubscriptionGap gap) {
  const auto wall = [&](TimePoint at) {
    return wall_clock_ms() - std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - at).count();
  };
  tell(SubscriptionInterrupted{cluster_, std::move(gap.node), std::move(gap.channels), wall(gap.from), wall(gap.to)});
}

void ControllerRole::perform(ControllerOutput output) {
  for (const auto index : output.requests) subscriber_->request_snapshot(index);
  if (output.apply) apply(*output.apply);
  if (!output.acks.empty()) send_acks(std::move(output.acks));
  for (const auto& due : output.envelopes) subscriber_->send_envelope(due.detector, due.publication);
  // Before the events: a handler runs on its own thread, at once, and must find in topology() what it is told of.
  if (output.marks || !output.events.empty())
    for (const auto& listener : changed_) listener();
  for (const auto& event : output.events) tell(event);
  if (output.marks) hub_.marks_applied(output.marks->topology, output.marks->partial);
  if (output.read_topology) read_topology();
  if (output.look) look(*output.look);
}

void ControllerRole::apply(const ApplyOrder& order) {
  database_->apply(order.topology, order.marked, [this, serial = order.serial](const Applied& applied) {
    if (!state_.awaits(serial)) return;  // a newer topology has replaced this one: who is missing is said of that
    for (const auto& id : applied.missing)
      log_.warning("primary_silent", {{"node", short_id(id)}, {"during", "apply"}});
    perform(state_.on_applied(serial, applied, loop_.now()));
  });
}

void ControllerRole::tell(const Event& event) {
  const auto json = to_json(event);
  if (const auto* changed = std::get_if<TopologyChanged>(&event)) {
    log_.info("topology_applied", {{"version", changed->version.text()},
                                   {"changes", text_of(changed->diff)},
                                   {"partial", changed->partial ? "yes" : "no"}});
  } else if (const auto* stale = std::get_if<ViewStale>(&event)) {
    log_.warning(
        "view_stale",
        {{"age_ms", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(stale->age).count())}});
  } else {
    log_.info(name_of(event), {});
  }
  record(json);
  hub_.emit(event);
}

void ControllerRole::record(nlohmann::json entry) {
  entry["what"] = entry["event"];
  history_.add(std::move(entry), loop_.now(), wall_clock_ms());
}

/// Who stands beside a detector is the source of the truth, or near it: the fleet waits for what it writes.
void ControllerRole::spread(const Beat& beat) {
  if (beside_detector_) return;
  hub_.spread_over(beat.resync_window);
  resync_window_ = beat.resync_window;
}

void ControllerRole::mention(const Beat& beat) {
  history_.mention({{"what", "beat_heard"},
                    {"detector", beat.stamp.detector},
                    {"status", text_of(beat.status)},
                    {"reason", beat.reason},
                    {"version", beat.version.known() ? beat.version.text() : ""}},
                   loop_.now(), wall_clock_ms());
}

void ControllerRole::send_acks(std::vector<Ack> acks) {
  for (Ack& ack : acks) {
    ack.controller = name_;
    ack.pending = hub_.pending();
    subscriber_->send_ack(ack);
  }
}

/// Returns how long until the next one is due.
std::optional<Duration> ControllerRole::send_hints() {
  for (const auto& hint : relay_.due(state_.feed(), loop_.now())) subscriber_->send_hint(hint);
  return relay_.next(loop_.now());
}

void ControllerRole::read_topology() {
  log_.warning("no_detector", {{"doing", "the topology is read from the database, once"}});
  ask_database({}, [this](const SelfRead& read, const std::string& reason) {
    if (auto topology = read.result()) return perform(state_.on_self_read(std::move(*topology), loop_.now()));
    waiting_for_ = "no detector answers, and the topology could not be read: " + reason;
    log_.error("topology_not_read", {{"reason", reason}, {"doing", "waiting for a detector"}});
  });
}

void ControllerRole::look(const std::vector<Endpoint>& nodes) {
  const auto before = state_.looks();
  if (before.count == 1) log_.warning("self_detection", {{"doing", "no detector is heard: the database is looked at"}});
  ask_database(nodes, [this, before](const SelfRead& read, const std::string&) {
    perform(state_.on_look(read, loop_.now(), wall_clock_ms()));
    const auto trouble = state_.looks().trouble;
    if (trouble != before.trouble) log_.warning("self_detection", {{"trouble", trouble}});
  });
}

/// One at a time: the state asks for no look while one is under way.
void ControllerRole::ask_database(const std::vector<Endpoint>& nodes, SelfReader::Done done) {
  self_reader_ = std::make_unique<SelfReader>(loop_, backend_, nodes, config_.probe_timeout, SelfRead::limit,
                                              [this, done = std::move(done)](const SelfRead& read, const auto& reason) {
                                                loop_.post([this, ended = self_reader_.get()] {
                                                  if (self_reader_.get() == ended) self_reader_.reset();
                                                });
                                                done(read, reason);
                                              });
}

nlohmann::json ControllerRole::resync(const std::string& handler, const std::optional<PartitionSet>& partitions) {
  std::vector<std::string> names;
  for (const auto& known : hub_.handlers())
    if (known.name != journal && known.hears("dbrestart")) names.push_back(known.name);
  if (!handler.empty()) names = {handler};
  nlohmann::json out = {{"resync", !names.empty()}, {"events", nlohmann::json::array()}};
  if (names.empty()) out["reason"] = "no handler hears dbrestart: there is nobody to tell";
  try {
    for (const auto& name : names) {
      const auto event = hub_.resync(name, partitions.value_or(hub_.partitions()));
      out["events"].push_back({{"handler", name}, {"id", event.id}, {"partitions", to_json(event.partitions)}});
    }
  } catch (const Error& e) {
    out["resync"] = false;
    out["reason"] = e.what();
  }
  return out;
}

nlohmann::json ControllerRole::status() const {
  nlohmann::json detectors = nlohmann::json::array();
  for (const auto& [name, beat] : state_.feed().beats()) {
    detectors.push_back({{"name", name},
                         {"status", text_of(beat.status)},
                         {"reason", beat.reason},
                         {"version", beat.version.known() ? beat.version.text() : ""}});
  }
  const auto age = state_.age(loop_.now());
  const auto topology = state_.applied();
  return {{"version", topology ? state_.version().text() : ""},
          {"waiting_for", topology ? "" : waiting_for_},
          {"self_read", topology && topology->generation == 0},
          {"covered", topology ? topology->covered() : 0},
          {"partitions", backend_.traits().partitions},
          {"self_detect",
           {{"looking", state_.looks().looking},
            {"looks", state_.looks().count},
            {"interval_ms", std::chrono::duration_cast<std::chrono::milliseconds>(state_.looks().interval).count()},
            {"trouble", state_.looks().trouble}}},
          {"stale", state_.stale()},
          {"view_age_ms", age ? nlohmann::json(std::chrono::duration_cast<std::chrono::milliseconds>(*age).count())
                              : nlohmann::json()},
          {"detectors", std::move(detectors)},
          {"handlers", handlers_json(hub_.handlers(), std::chrono::steady_clock::now())},
          {"pending", hub_.pending()},
          {"hints",
           {{"sent", relay_.counts().sent},
            {"coalesced", relay_.counts().coalesced},
            {"known", relay_.counts().known},
            {"dropped", relay_.counts().dropped}}},
          {"garbage", garbage_},
          {"history", history_.json()}};
}

}  // namespace dbha
