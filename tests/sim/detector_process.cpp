#include "detector_process.hpp"

#include "topology/diff.hpp"

namespace dbha::sim {
namespace {

constexpr Duration beat_period = std::chrono::seconds(1);

/// A clock that is wrong by an hour still shows a time.
constexpr std::int64_t wall_clock_epoch_ms = 1'700'000'000'000;

std::int64_t wall_ms(const Site& site, const DetectorMachine& machine) {
  const auto since = site.clock.now().time_since_epoch() + machine.clock_error;
  return wall_clock_epoch_ms + std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

DetectorSettings settings_of(const Site& site, std::size_t index, const std::string& name) {
  DetectorSettings out;
  out.name = name;
  out.peers = site.detectors - 1;
  out.seed = site.seed * 8 + index;
  out.probe.commands_per_second = site.probe_budget;
  out.partitions = site.partitions;
  out.seeds = site.seeds;
  out.listen = site.listen;
  return out;
}

/// max(wall clock, the stored one + 1), as the real state store gives it.
std::uint64_t next_start(const Site& site, DetectorMachine& machine) {
  auto& start = machine.store.start;
  return start = std::max(static_cast<std::uint64_t>(wall_ms(site, machine)), start + 1);
}

}  // namespace

DetectorProcess::DetectorProcess(Site& site, std::size_t index, DetectorMachine& machine, std::function<void()> died)
    : site_(site),
      index_(index),
      name_("d" + std::to_string(index)),
      machine_(machine),
      store_(machine.store),
      died_(std::move(died)),
      start_(next_start(site, machine)),
      detector_(settings_of(site, index, name_), cost_of, store_.state, now()) {
  site_.record.add(name_, start_, [&] { return "starts, life " + std::to_string(start_); });
  site_.oracle.detector_started(index_, store_.state.topology);
  publisher_ = site_.bus.open_publisher(*this, gate_, name_, start_, index_);
  if (detector_.published()) {
    site_.oracle.published(index_, *detector_.published());
    publisher_->publish(detector_.version(), detector_.published());
  }
  send_beat();
  if (site_.detectors > 1) peers_ = site_.bus.open_peer(*this, gate_, index_, name_);
  TopologySourceListener& listener = *this;
  source_ = std::make_unique<Source>(site_.clock, site_.cluster, gate_, listener, machine_.unreached);
  perform(detector_.start(now()));
  tick();
  site_.clock.after(beat_period, life_.guard([this] { beat(); }));
}

Now DetectorProcess::now() const {
  return {site_.clock.now(), wall_ms(site_, machine_)};
}

void DetectorProcess::on_view(View view) {
  site_.oracle.seen(view);
  perform(detector_.on_view(std::move(view), now()));
}
void DetectorProcess::on_role(RoleAnswer answer) {
  perform(detector_.on_role(answer, now()));
}
void DetectorProcess::on_epoch(EpochAnswer answer) {
  site_.oracle.said_epoch(answer.node, answer.current_epoch);
  perform(detector_.on_epoch(answer, now()));
}
void DetectorProcess::on_alive(Endpoint endpoint, NodeId, TimePoint, TimePoint) {
  perform(detector_.on_alive(endpoint, now()));
}
void DetectorProcess::on_no_answer(Endpoint endpoint, Question question, TimePoint) {
  perform(detector_.on_no_answer(endpoint, question, now()));
}
void DetectorProcess::on_unusable(Endpoint endpoint, std::string reason) {
  perform(detector_.on_unusable(endpoint, reason, now()));
}
void DetectorProcess::on_hint(Hint hint) {
  perform(detector_.on_hint(hint, now()));
}
void DetectorProcess::on_hint(std::string, Hint hint) {
  perform(detector_.on_hint(hint, now()));
}
void DetectorProcess::on_ack(Ack ack) {
  fleet_.on_ack(ack, site_.clock.now());
  perform(detector_.on_held(ack.controller, ack.applied, now()));
}
void DetectorProcess::on_hello(std::string controller, bool peer) {
  if (!peer) fleet_.on_hello(controller, site_.clock.now());
}
void DetectorProcess::on_envelope(std::string, Publication publication) {
  perform(detector_.on_envelope(publication, now()));
}
void DetectorProcess::on_publication(Publication publication) {
  perform(detector_.on_publication(publication, now()));
}
void DetectorProcess::on_beat(Beat beat) {
  perform(detector_.on_beat(beat, now()));
}
void DetectorProcess::on_snapshot(std::size_t peer, Snapshot snapshot) {
  perform(detector_.on_snapshot(peer, snapshot, now()));
}
void DetectorProcess::on_snapshot_refused(std::size_t peer, Duration retry_after) {
  perform(detector_.on_snapshot_refused(peer, retry_after, now()));
}
void DetectorProcess::on_garbage(std::string) {}

void DetectorProcess::tick() {
  if (dead_) return;
  perform(detector_.on_tick(now()));
  site_.clock.after(detector_.next_tick(site_.clock.now()), life_.guard([this] { gate_.pass([this] { tick(); }); }));
}

void DetectorProcess::beat() {
  if (dead_) return;
  fleet_.forget_gone(site_.clock.now());
  send_beat();
  site_.clock.after(beat_period, life_.guard([this] { gate_.pass([this] { beat(); }); }));
}

/// In the order of the real one, which is what a death in the middle of it shows.
void DetectorProcess::perform(DetectorOutput output) {
  if (dead_) return;
  for (const auto& note : output.records)
    site_.record.add(name_, note.event.size(), [&] { return note.event + ": " + note.detail; });
  if (output.endpoints) source_->set_endpoints(*output.endpoints);
  if (output.store) save();
  if (dead_) return;
  if (output.publish) publish(*output.publish);
  if (output.beat) send_beat();
  for (const auto& ask : output.asks) {
    site_.oracle.asked(index_, cost_of(ask.question, site_.cluster.size()));
    source_->ask(ask.endpoint, ask.question);
  }
  if (!peers_) return;
  for (const auto peer : output.requests) peers_->request_snapshot(peer);
}

void DetectorProcess::save() {
  if (death_ == Death::before_next_save) return die(Death::now);
  store_.before = std::exchange(store_.state, detector_.state());
  if (death_ == Death::after_next_save) die(Death::now);
}

void DetectorProcess::publish(const NewTopology& news) {
  site_.record.add(name_, news.version.digest,
                   [&] { return "publishes " + news.version.text() + ": " + dbha::text_of(news.diff); });
  if (detector_.status() == DetectorStatus::tilt)
    site_.oracle.breach(Breach::in_tilt, name_ + " publishes " + news.version.text());
  site_.oracle.published(index_, *news.topology);
  publisher_->publish(news.version, news.topology);
}

void DetectorProcess::send_beat() {
  Beat beat = detector_.beat(now());
  beat.controllers = static_cast<std::uint32_t>(fleet_.members().size());
  publisher_->beat(std::move(beat));
}

void DetectorProcess::die(Death moment) {
  if (dead_) return;
  death_ = moment;
  if (moment != Death::now) return;
  dead_ = true;
  died_();
}

void DetectorProcess::pause(Duration lasts) {
  if (dead_ || !gate_.open()) return;
  gate_.close();
  site_.clock.after(lasts, life_.guard([this] { gate_.reopen(); }));
}

}  // namespace dbha::sim
