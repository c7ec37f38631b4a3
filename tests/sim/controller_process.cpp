#include "controller_process.hpp"

#include "topology/diff.hpp"
#include "topology/ranges.hpp"

namespace dbha::sim {
namespace {

constexpr Duration tick_period = std::chrono::milliseconds(20);
constexpr Duration ack_period = std::chrono::seconds(5);
constexpr Duration self_read_limit = std::chrono::seconds(3);

ControllerSettings settings_of(const std::string& name, std::size_t detectors, std::uint64_t seed) {
  ControllerSettings out;
  out.name = name;
  out.cluster = "sim";
  out.detectors = detectors;
  out.seed = seed;
  return out;
}

}  // namespace

ControllerProcess::ControllerProcess(Site& site, std::size_t index, std::uint64_t life, Random random,
                                     RestartStore& store, OwnData& data, Duration write_pause)
    : site_(site),
      index_(index),
      name_("c" + std::to_string(index)),
      store_(store),
      state_(settings_of(name_, site.detectors, random.next()), site.clock.now()),
      connections_(site, random.fork(1), [this](const Hint& hint) { subscriber_->send_hint(hint); }),
      writer_(site, random.fork(2), data, connections_, write_pause, [this] {
        store_.pending.pop_front();
        next_event();
      }) {
  site_.record.add(name_, life, [&] { return std::string(store_.handled ? "starts" : "starts without memory"); });
  site_.oracle.controller_started(index_);
  subscriber_ = site_.bus.open_subscriber(*this, index_, name_);
  next_event();
  site_.clock.after(tick_period, life_.guard([this] { tick(); }));
  site_.clock.after(ack_period, life_.guard([this] { ack_again(); }));
}

void ControllerProcess::on_publication(Publication publication) {
  perform(state_.on_publication(publication, site_.clock.now()));
}
void ControllerProcess::on_beat(Beat beat) {
  perform(state_.on_beat(beat, site_.clock.now()));
}
void ControllerProcess::on_snapshot(std::size_t detector, Snapshot snapshot) {
  perform(state_.on_snapshot(detector, snapshot, site_.clock.now()));
}
void ControllerProcess::on_snapshot_refused(std::size_t detector, Duration retry_after) {
  perform(state_.on_snapshot_refused(detector, retry_after, site_.clock.now()));
}
void ControllerProcess::on_garbage(std::string) {}

void ControllerProcess::tick() {
  perform(state_.on_tick(site_.clock.now()));
  site_.clock.after(tick_period, life_.guard([this] { tick(); }));
}

void ControllerProcess::ack_again() {
  send_acks(state_.acks());
  site_.clock.after(ack_period, life_.guard([this] { ack_again(); }));
}

void ControllerProcess::perform(ControllerOutput output) {
  for (const auto index : output.requests) subscriber_->request_snapshot(index);
  if (output.apply) apply(*output.apply);
  if (!output.acks.empty()) send_acks(std::move(output.acks));
  for (const auto& due : output.envelopes) subscriber_->send_envelope(due.detector, due.publication);
  for (const auto& event : output.events) {
    const auto* changed = std::get_if<TopologyChanged>(&event);
    site_.record.add(name_, changed ? changed->version.digest : event.index(), [&] {
      return changed ? "has applied " + changed->version.text() + ": " + dbha::text_of(changed->diff) +
                           (changed->partial ? " (partial)" : "")
                     : std::string(name_of(event));
    });
  }
  if (output.marks) marks_applied(*output.marks);
  if (output.read_topology) read_topology();
}

void ControllerProcess::apply(const ApplyOrder& order) {
  connections_.apply(order.topology, order.marked, [this, serial = order.serial](const Applied& applied) {
    if (!state_.awaits(serial)) return;
    auto output = state_.on_applied(serial, applied, site_.clock.now());
    site_.oracle.applied(index_, *state_.applied());
    perform(std::move(output));
  });
}

void ControllerProcess::marks_applied(const MarksApplied& applied) {
  const bool idle = store_.pending.empty();
  for (const auto& event : store_.accept(applied.topology->marks, applied.partial)) {
    site_.record.add(name_, event.epoch.value, [&] {
      return std::string("dbrestart ") + dbha::text_of(event.cause) + ' ' + dbha::text_of(event.partitions) +
             (event.partial ? " (partial)" : "");
    });
    site_.oracle.told(index_, event, *applied.topology, state_.applied().get());
  }
  if (idle) next_event();
}

void ControllerProcess::next_event() {
  if (!store_.pending.empty() && !writer_.busy()) writer_.begin(store_.pending.front().partitions);
}

void ControllerProcess::send_acks(std::vector<Ack> acks) {
  for (Ack& ack : acks) {
    ack.controller = name_;
    ack.pending = static_cast<std::uint32_t>(store_.pending.size());
    subscriber_->send_ack(ack);
  }
}

// ---- Without a detector

void ControllerProcess::read_topology() {
  site_.record.add(name_, 0, [] { return std::string("reads the topology itself"); });
  reading_.emplace(site_.seeds, site_.partitions, Voters::owners);
  site_.clock.after(self_read_limit, life_.guard([this] { finish_reading(); }));
  ask_more();
}

void ControllerProcess::ask_more() {
  for (const auto& endpoint : reading_->to_ask()) {
    site_.clock.after(Source::probe_timeout, life_.guard([this, endpoint] {
      if (!reading_) return;
      reading_->on_no_answer(endpoint);
      if (reading_->finished()) finish_reading();
    }));
    site_.cluster.ask(endpoint, life_.guard([this, endpoint](std::optional<View> view) {
      if (!reading_) return;
      if (view) {
        view->endpoint = endpoint;
        reading_->on_view(std::move(*view));
        ask_more();
      } else {
        reading_->on_no_answer(endpoint);
      }
      if (reading_ && reading_->finished()) finish_reading();
    }));
  }
}

void ControllerProcess::finish_reading() {
  if (!reading_) return;
  auto topology = reading_->result();
  reading_.reset();
  if (topology) perform(state_.on_self_read(std::move(*topology), site_.clock.now()));
}

}  // namespace dbha::sim
