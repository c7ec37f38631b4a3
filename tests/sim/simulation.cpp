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

const char* word_of(memory::TrueChange::Kind kind) {
  switch (kind) {
    case memory::TrueChange::Kind::failover:
      return "failover ";
    case memory::TrueChange::Kind::restart:
      return "restart ";
    case memory::TrueChange::Kind::reshard:
      return "reshard ";
    case memory::TrueChange::Kind::assigned:
      return "assigned ";
  }
  return "";
}

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
      posts_(schedule.detectors),
      seats_(schedule.controllers_start.size()),
      node_faults_(site_, schedule.shape) {
  for (std::size_t i = 0; i < seats_.size(); ++i)
    seats_[i].data = std::make_unique<OwnData>(site_.cluster, schedule.shape.partitions, i);
}

Course Simulation::run() {
  const TimePoint began = site_.clock.now();
  for (std::size_t i = 0; i < posts_.size(); ++i) start_detector(i);
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
  for (const auto& change : site_.cluster.changes()) {
    PartitionSet partitions;
    for (const auto range : change.partitions) partitions.set(range, {});
    site_.record.add_late(change.at, "truth",
                          word_of(change.kind) + dbha::text_of(partitions) + ' ' + short_id(change.before) + "->" +
                              short_id(change.after));
  }
}

// ---- The processes

void Simulation::start_detector(std::size_t index) {
  Post& post = posts_[index];
  if (post.process) return;
  // A store that never held anything else cannot be older: that would be a lost one, which no restart brings about.
  DetectorStore& store = post.machine.store;
  if (std::exchange(post.lose_a_save, false) && store.before.topology) store.state = store.before;
  post.process =
      std::make_unique<DetectorProcess>(site_, index, post.machine, [this, index] { on_detector_died(index); });
}

/// Called from within the process, which therefore ends a moment later.
void Simulation::on_detector_died(std::size_t index) {
  site_.record.add("d" + std::to_string(index), 0, [] { return std::string("dies"); });
  site_.clock.after(Duration(0), [this, index] { posts_[index].process.reset(); });
  site_.clock.after(posts_[index].down_for + milliseconds(1), [this, index] { start_detector(index); });
}

void Simulation::kill_detector(std::size_t index, Death moment, Duration down_for) {
  posts_[index].down_for = down_for;
  posts_[index].process->die(moment);
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
  const auto note = [&] {
    site_.record.add("fault", fault.choice, [&] { return std::string(text_of(fault.kind)); });
    return true;
  };
  switch (fault.kind) {
    case FaultKind::detector_restart:
    case FaultKind::detector_old_store:
    case FaultKind::detector_pause:
    case FaultKind::detector_blind:
    case FaultKind::detector_loss:
    case FaultKind::clock_step:
      return cause_at_detector(fault);
    case FaultKind::all_detectors_loss:
      return lose_all_stores(fault);
    case FaultKind::controller_restart:
    case FaultKind::controller_loss:
      if (!seats_[fault.choice % seats_.size()].process) return false;
      note();
      restart_controller(fault, fault.kind == FaultKind::controller_restart);
      return true;
    case FaultKind::bus_outage:
      note();
      cut_bus(fault);
      return true;
    case FaultKind::bus_split:
      note();
      split_bus(fault);
      return true;
    default:
      return node_faults_.cause(fault);
  }
}

bool Simulation::cause_at_detector(const Fault& fault) {
  const std::size_t index = (fault.choice >> 40) % posts_.size();
  Post& post = posts_[index];
  if (!post.running()) return false;
  site_.record.add("fault", fault.choice,
                   [&] { return std::string(text_of(fault.kind)) + " of d" + std::to_string(index); });
  constexpr std::array<Death, 4> moments = {Death::now, Death::now, Death::before_next_save, Death::after_next_save};
  if (fault.kind == FaultKind::detector_pause) {
    post.process->pause(fault.lasts);
  } else if (fault.kind == FaultKind::detector_blind) {
    blind(post, fault);
  } else if (fault.kind == FaultKind::detector_loss) {
    kill_detector(index, Death::now, fault.lasts);
    post.machine.lose_store();
  } else if (fault.kind == FaultKind::clock_step) {
    post.machine.clock_error += milliseconds(static_cast<std::int64_t>(fault.choice % 120'000) - 60'000);
    post.machine.greatest_error = std::max(post.machine.greatest_error, post.machine.clock_error);
    if (fault.choice % 2) kill_detector(index, Death::now, fault.lasts);
  } else {
    post.lose_a_save = fault.kind == FaultKind::detector_old_store;
    kill_detector(index, moments[fault.choice % moments.size()], fault.lasts);
  }
  return true;
}

bool Simulation::lose_all_stores(const Fault& fault) {
  site_.record.add("fault", fault.choice, [&] { return std::string(text_of(fault.kind)); });
  for (std::size_t i = 0; i < posts_.size(); ++i) {
    if (posts_[i].running()) kill_detector(i, Death::now, fault.lasts + milliseconds(211 * i));
    posts_[i].machine.lose_store();
  }
  return true;
}

/// Of a minority of the nodes, or of any.
void Simulation::blind(Post& post, const Fault& fault) {
  const std::size_t all = site_.cluster.size();
  const std::size_t most = fault.choice % 3 ? all / 2 : all;
  for (std::size_t n = 0; n < all; ++n)
    if ((fault.choice >> (8 + n % 32)) % 2 && post.machine.unreached.size() < most)
      post.machine.unreached.insert(site_.cluster.endpoint(n));
  site_.clock.after(fault.lasts, [&post] { post.machine.unreached.clear(); });
}

void Simulation::cut_bus(const Fault& fault) {
  const std::size_t detector = (fault.choice >> 40) % posts_.size();
  const std::size_t controller = fault.choice % (seats_.size() + 1);
  site_.bus.cut(detector, controller < seats_.size() ? std::optional(controller) : std::nullopt, fault.lasts);
}

void Simulation::split_bus(const Fault& fault) {
  std::set<std::size_t> inside;
  for (std::size_t c = 0; c < seats_.size(); ++c)
    if ((fault.choice >> c) % 2) inside.insert(c);
  site_.bus.split((fault.choice >> 40) % posts_.size(), inside, fault.lasts);
}

void Simulation::heal() {
  site_.record.add("fault", 0, [] { return std::string("all is healed"); });
  node_faults_.heal();
  for (auto& post : posts_) post.machine.unreached.clear();
  site_.bus.calm();
}

// ---- The end

void Simulation::come_to_rest() {
  const TimePoint until = site_.clock.now() + rest_within;
  while (!(site_.cluster.agreed() && node_faults_.over()) && site_.clock.now() < until)
    run_until(site_.clock.now() + look);
  if (!site_.cluster.agreed()) {
    auto found = disagreement(site_);
    site_.oracle.breach(Breach::cluster_stuck, std::move(found.text));
    disputed_ = std::move(found.partitions);
  }
  if (!settle()) return;
  if (course_.settling > slow_after)
    site_.oracle.breach(Breach::slow,
                        std::to_string(std::chrono::duration_cast<milliseconds>(course_.settling).count()) + " ms");
  site_.oracle.check_missed(disputed_);
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
