#include "simulation.hpp"

#include <algorithm>

#include "disagreement.hpp"
#include "topology/diff.hpp"
#include "topology/ranges.hpp"

namespace dbha::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The database finds its own rest within this time after the last fault has ended, dbha after that.
constexpr Duration rest_within = seconds(30);
constexpr Duration settle_within = seconds(30);
/// Everything must stand still for so long: a reshard whose mark is open has three seconds.
constexpr Duration quiet = seconds(4);
constexpr Duration writes_after_all_is_healed = seconds(1);
constexpr Duration slow_after = seconds(10);
constexpr Duration look = milliseconds(100);

}  // namespace

bool Course::failed() const {
  return std::any_of(violations.begin(), violations.end(), [](const Violation& v) { return fails(v.breach); });
}

Course run(const Schedule& schedule, const RunOptions& options) {
  Simulation simulation(schedule, options.verbose);
  Course out = simulation.run();
  if (options.planted)
    if (auto wrong = options.planted(out)) out.violations.push_back({Breach::planted, *wrong, {}});
  return out;
}

Simulation::Simulation(const Schedule& schedule, bool verbose)
    : schedule_(schedule),
      random_(Random(schedule.seed).fork(3)),
      site_(schedule, verbose),
      seats_(schedule.controllers_start.size()),
      node_faults_(site_, schedule.shape) {
  for (std::size_t i = 0; i < seats_.size(); ++i)
    seats_[i].data = std::make_unique<OwnData>(site_.cluster, schedule.shape.partitions, i);
}

Course Simulation::run() {
  const TimePoint began = site_.clock.now();
  start_detector();
  for (std::size_t i = 0; i < seats_.size(); ++i)
    site_.clock.after(schedule_.controllers_start[i], [this, i] { start_controller(i); });
  for (const auto& fault : schedule_.faults) site_.clock.after(fault.at, [this, &fault] { cause(fault); });
  run_until(began + schedule_.heals_at);
  heal();
  run_until(site_.clock.now() + writes_after_all_is_healed);
  site_.writes_go_on = false;
  come_to_rest();
  course_.seed = schedule_.seed;
  course_.hash = site_.record.hash();
  course_.violations = site_.oracle.violations();
  course_.lasted = site_.clock.now() - began;
  course_.steps = site_.clock.steps();
  course_.publications = site_.oracle.publications();
  course_.events = site_.oracle.events();
  course_.bus = site_.bus.counters();
  tell_the_truth();
  course_.lines = site_.record.lines();
  return std::move(course_);
}

void Simulation::run_until(TimePoint until) {
  while (site_.clock.step(until)) {
  }
}

/// What truly happened, between the lines of what was made of it.
void Simulation::tell_the_truth() {
  constexpr std::array<const char*, 3> kinds = {"failover ", "restart ", "reshard "};
  for (const auto& change : site_.cluster.changes()) {
    PartitionSet partitions;
    for (const auto range : change.partitions) partitions.set(range, {});
    site_.record.add_late(change.at, "truth",
                          kinds[static_cast<std::size_t>(change.kind)] + dbha::text_of(partitions) + ' ' +
                              short_id(change.before) + "->" + short_id(change.after));
  }
}

// ---- The processes

void Simulation::start_detector() {
  // A store that never held anything else cannot be older: that would be a lost one, which no restart brings about.
  if (std::exchange(lose_a_save_, false) && store_.before.topology) store_.state = store_.before;
  detector_ = std::make_unique<DetectorProcess>(site_, store_, [this] { on_detector_died(); });
}

/// Called from within the process, which therefore ends a moment later.
void Simulation::on_detector_died() {
  site_.record.add("detector", 0, [] { return std::string("dies"); });
  site_.clock.after(Duration(0), [this] { detector_.reset(); });
  site_.clock.after(detector_down_for_ + milliseconds(1), [this] { start_detector(); });
}

void Simulation::restart_detector(const Fault& fault, bool old_store) {
  lose_a_save_ = old_store;
  detector_down_for_ = fault.lasts;
  constexpr std::array<Death, 4> moments = {Death::now, Death::now, Death::before_next_save, Death::after_next_save};
  detector_->die(moments[fault.choice % moments.size()]);
}

void Simulation::pause_detector(Duration lasts) {
  detector_->pause(lasts);
}

void Simulation::start_controller(std::size_t index) {
  Seat& seat = seats_[index];
  if (seat.process) return;
  seat.process =
      std::make_unique<ControllerProcess>(site_, index, seat.lives, random_.fork(100 * (index + 1) + seat.lives),
                                          seat.store, *seat.data, schedule_.write_pause);
  ++seat.lives;
}

void Simulation::restart_controller(const Fault& fault, bool with_store) {
  const std::size_t index = fault.choice % seats_.size();
  Seat& seat = seats_[index];
  site_.record.add("c" + std::to_string(index), 1,
                   [&] { return std::string(with_store ? "dies" : "dies, its store too"); });
  seat.process.reset();
  if (!with_store) seat.store = {};
  site_.clock.after(fault.lasts + milliseconds(1), [this, index] { start_controller(index); });
}

// ---- What befalls them

void Simulation::cause(const Fault& fault) {
  if (cause_here(fault)) ++course_.caused[static_cast<std::size_t>(fault.kind)];
}

bool Simulation::cause_here(const Fault& fault) {
  const bool running = detector_ && !detector_->dead();
  const auto note = [&] {
    site_.record.add("fault", fault.choice, [&] { return std::string(text_of(fault.kind)); });
    return true;
  };
  switch (fault.kind) {
    case FaultKind::detector_restart:
    case FaultKind::detector_old_store:
      if (!running) return false;
      note();
      restart_detector(fault, fault.kind == FaultKind::detector_old_store);
      return true;
    case FaultKind::detector_pause:
      if (!running) return false;
      note();
      pause_detector(fault.lasts);
      return true;
    case FaultKind::controller_restart:
    case FaultKind::controller_loss:
      if (!seats_[fault.choice % seats_.size()].process) return false;
      note();
      restart_controller(fault, fault.kind == FaultKind::controller_restart);
      return true;
    case FaultKind::bus_outage: {
      const std::size_t link = fault.choice % (seats_.size() + 1);
      note();
      site_.bus.cut(link < seats_.size() ? std::optional(link) : std::nullopt, fault.lasts);
      return true;
    }
    default:
      return node_faults_.cause(fault);
  }
}

void Simulation::heal() {
  site_.record.add("fault", 0, [] { return std::string("all is healed"); });
  node_faults_.heal();
  site_.bus.calm();
}

// ---- The end

void Simulation::come_to_rest() {
  const TimePoint until = site_.clock.now() + rest_within;
  while (!(site_.cluster.agreed() && node_faults_.over()) && site_.clock.now() < until)
    run_until(site_.clock.now() + look);
  if (!site_.cluster.agreed()) site_.oracle.breach(Breach::cluster_stuck, disagreement(site_));
  if (!settle()) return;
  if (course_.settling > slow_after)
    site_.oracle.breach(Breach::slow,
                        std::to_string(std::chrono::duration_cast<milliseconds>(course_.settling).count()) + " ms");
  site_.oracle.check_missed();
  check_writes();
}

/// True when nothing has been wrong for a while; else what is wrong at the deadline is reported.
bool Simulation::settle() {
  const TimePoint began = site_.clock.now();
  TimePoint since = began;
  std::vector<Violation> wrong;
  std::uint64_t publications = 0;
  while (site_.clock.now() < began + settle_within) {
    run_until(site_.clock.now() + look);
    wrong = unsettled();
    const bool moved = std::exchange(publications, site_.oracle.publications()) != site_.oracle.publications();
    if (!wrong.empty() || moved) since = site_.clock.now();
    course_.settling = since - began;
    if (site_.clock.now() - since >= quiet) return true;
  }
  if (wrong.empty()) wrong.push_back({Breach::not_well, "the topology keeps changing", {}});
  for (const auto& v : wrong) site_.oracle.breach(v.breach, v.detail);
  return false;
}

}  // namespace dbha::sim
