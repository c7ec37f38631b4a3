#include "demo/faults.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

#include "comparison.hpp"
#include "demo/mirrored.hpp"
#include "lab/promotion_watch.hpp"
#include "lab/wait.hpp"

namespace dbha::demo {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto promoted_within = 20s;
constexpr auto noticed_within = 15s;
constexpr auto at_rest_within = 30s;
/// Two rounds of the detector: what has not followed by then is not going to follow from this fault.
constexpr auto rest = 2s;

/// One fault, from its cause to the rest after it.
class FaultRun {
 public:
  FaultRun(const Step& step, Stage& stage, const Screen& screen)
      : stage_(stage), screen_(screen), shard_(stage.shard(step.shard)) {
    report_.fault = step.fault;
    report_.slots = shard_.slots;
    expected_.slots = shard_.slots;
  }

  FaultReport run() {
    noted([this] {
      cause();
      watch();
      wake();
      come_to_rest();
      check_routing();
      check_mirror();
    });
    noted([this] { wake(); });  // also after a fault that did not end well: no node is left asleep
    noted([this] { take_count(); });
    return std::move(report_);
  }

 private:
  /// What could not be done is a finding like every other.
  template <class Function>
  void noted(Function function) {
    try {
      function();
    } catch (const std::runtime_error& error) {
      report_.problems.emplace_back(error.what());
    }
  }

  lab::Cluster& cluster() { return stage_.cluster(); }
  std::string address(std::size_t node) { return cluster().node(node).address(); }
  std::string slots_text() const { return text_of(std::vector{shard_.slots}); }

  /// The zero of all times, right before the deed.
  void begin(const std::string& done) {
    report_.done = done;
    screen_.line(std::string(text_of(report_.fault)) + ": " + done);
    topology_before_ = stage_.writer().topology();
    report_.at = Clock::now();
  }

  void expect(const char* change, std::size_t node, std::optional<std::string> cause) {
    expected_.change = change;
    expected_.node = cluster().node(node).id;
    expected_.cause = std::move(cause);
  }

  void cause() {
    switch (report_.fault) {
      case Fault::kill:
        return kill();
      case Fault::comeback:
        return comeback();
      case Fault::failover:
        return failover();
      case Fault::restart:
        return restart();
      case Fault::stop:
        return stop();
      case Fault::lose:
        return lose();
    }
  }

  void kill() {
    const auto primary = stage_.primary(shard_);
    const auto replica = stage_.other(shard_, primary);
    expect("failover", replica, "failover");
    stage_.questions().keep(primary);
    const lab::PromotionWatch promotion(cluster(), {replica});
    begin("SIGKILL to " + address(primary) + ", the primary of slots " + slots_text());
    cluster().kill(primary);
    await(promotion);
  }

  void comeback() {
    const auto killed = stage_.other(shard_, stage_.primary(shard_));
    expect("membership", killed, std::nullopt);
    begin("start " + address(killed) + " again, now a replica of slots " + slots_text());
    cluster().start(killed);
  }

  void failover() {
    const auto primary = stage_.primary(shard_);
    const auto replica = stage_.other(shard_, primary);
    expect("failover", replica, "failover");
    const lab::PromotionWatch promotion(cluster(), {replica});
    begin("graceful failover to " + address(replica) + ", the replica of slots " + slots_text());
    cluster().failover(replica);
    await(promotion);
  }

  void restart() {
    const auto primary = stage_.primary(shard_);
    expect("restart", primary, "restart");
    stage_.questions().keep(primary);
    begin("restart of " + address(primary) + ", the primary of slots " + slots_text() + ", in place and empty");
    cluster().restart_in_place_empty(primary);
  }

  void stop() {
    const auto primary = stage_.primary(shard_);
    const auto replica = stage_.other(shard_, primary);
    expect("failover", replica, "failover");
    const lab::PromotionWatch promotion(cluster(), {replica});
    begin("SIGSTOP to " + address(primary) + ", the primary of slots " + slots_text());
    stopped_ = primary;
    cluster().stop(primary);
    await(promotion);
  }

  /// New entries, entries written anew and removed ones are acknowledged by a primary alone. What its replica has when
  /// it has died is all there is; asked before the promotion, for after it nothing is lost for long.
  void lose() {
    const auto primary = stage_.primary(shard_);
    const auto replica = stage_.other(shard_, primary);
    expect("failover", replica, "failover");
    Mirror& mirror = stage_.writer().mirror();
    const auto old = entries_in(shard_.slots, 0, 100), removed = entries_in(shard_.slots, 100, 50),
               made = entries_in(shard_.slots, 150, 100);
    Acknowledged before, after;
    put_all(mirror, old, "before", before);
    put_all(mirror, removed, "before", before);
    cluster().wait_ready();
    cluster().cut_off(replica);
    put_all(mirror, old, "after", after);
    remove_all(mirror, removed, after);
    put_all(mirror, made, "after", after);
    begin("SIGKILL to " + address(primary) + ", the primary of slots " + slots_text() + ", after " +
          std::to_string(after.size()) + " writes that it has acknowledged and its replica never got");
    cluster().kill(primary);
    cluster().rejoin(replica);
    report_.loss = count_lost(after, replica);
    const lab::PromotionWatch promotion(cluster(), {replica});
    await(promotion);
  }

  Loss count_lost(const Acknowledged& acknowledged, std::size_t replica) {
    std::vector<std::string> keys;
    for (const auto& [name, version] : acknowledged) keys.push_back(key_of(name));
    const auto versions = cluster().versions_at(replica, keys);
    if (cluster().role_question(replica)() == lab::SaidRole::primary)
      throw std::runtime_error("the replica was promoted before it could be asked what it has");
    return {acknowledged.size(), demo::count_lost(acknowledged, versions), {}};
  }

  /// It wakes as the primary that it was, with all that was written to its sockets meanwhile, and must give way.
  void wake() {
    if (!stopped_) return;
    const auto woken = *std::exchange(stopped_, std::nullopt);
    report_.woken_node = address(woken);
    screen_.line(std::string(text_of(report_.fault)) + ": SIGCONT to " + report_.woken_node);
    report_.woken = Clock::now();
    cluster().resume(woken);
    const auto role = cluster().role_question(woken);
    if (!lab::wait_until(at_rest_within, [&] { return role() == lab::SaidRole::replica; }))
      throw std::runtime_error("30 s after it woke " + report_.woken_node + " still takes itself for a primary");
  }

  void await(const lab::PromotionWatch& promotion) {
    const bool promoted = lab::wait_until(promoted_within, [&] { return !promotion.promotions().empty(); });
    if (!promoted) throw std::runtime_error("no replica was promoted within 20 s");
    report_.promoted = promotion.promotions().front().time;
    report_.promoted_node = address(promotion.promotions().front().node);
  }

  void watch() {
    // The writer's own controller is asked first, which costs nobody anything: what is to be measured is over when it
    // has applied.
    lab::wait_until(noticed_within, [&] { return stage_.writer().topology() != topology_before_; });
    std::vector<std::string> due;
    const bool all = stage_.fleet().ask_until(noticed_within, [&](const Statuses& statuses) {
      report_.seen = observe(statuses, expected_, report_.at);
      due = still_due(report_.seen, expected_);
      return due.empty();
    });
    if (!all) report_.problems.insert(report_.problems.end(), due.begin(), due.end());
  }

  /// The database agrees with itself, every controller is on the detector's version, and for a while nothing happened.
  void come_to_rest() {
    cluster().wait_ready(at_rest_within);
    std::vector<std::string> lagging;
    const bool at_rest = stage_.fleet().ask_until(at_rest_within, [&](const Statuses& statuses) {
      report_.seen = observe(statuses, expected_, report_.at);
      lagging = not_current(statuses);
      return lagging.empty() && Clock::now() - last_event(statuses) >= rest;
    });
    if (!at_rest && lagging.empty()) lagging.emplace_back("30 s later the topology still changes");
    if (!at_rest) report_.problems.insert(report_.problems.end(), lagging.begin(), lagging.end());
    for (auto& text : not_due(report_.seen, expected_)) report_.problems.push_back(std::move(text));
  }

  /// A write through the writer's controller must be found where the cluster itself says that the key belongs.
  void check_routing() {
    const auto key = lab::key_in(shard_.slots.first, shard_.slots.second);
    const std::string value = std::string("after ") + text_of(report_.fault);
    const Result result = stage_.writer().write(key, value);
    if (!result.ok()) throw std::runtime_error("a write to slots " + slots_text() + " fails: " + result.detail);
    const auto owner = cluster().primary_of(lab::slot_of(key));
    const auto found = cluster().value_at(owner, key);
    if (found != value)
      throw std::runtime_error("a write to slots " + slots_text() + " did not arrive at their primary " +
                               address(owner));
  }

  /// Nothing of what was acknowledged is missing, once the mirror has done what its dbrestart asks for.
  void check_mirror() {
    if (!report_.loss) return;
    if (!stage_.fleet().ask_until(at_rest_within, [](const Statuses& all) { return nothing_pending(all, "mirror"); }))
      throw std::runtime_error("30 s later the mirror has not finished its resync");
    const auto result = app::compared({.connect = stage_.writer_endpoint(), .config = {}}, {{"request", "verify"}},
                                      [](const nlohmann::json&) { return true; });
    if (!result || !result->value("complete", false))
      throw std::runtime_error("the mirror could not be compared with the database" +
                               (result ? ": " + result->dump() : std::string()));
    report_.loss->missing = 0;
    for (const char* kind : {"missing", "older", "resurrected"})
      *report_.loss->missing += result->at(kind).get<std::size_t>();
    if (report_.loss->lost == 0) report_.problems.emplace_back("no acknowledged write was lost, so nothing was shown");
    if (*report_.loss->missing > 0)
      report_.problems.push_back(std::to_string(*report_.loss->missing) + " acknowledged writes are still missing");
  }

  void take_count() {
    const auto count = stage_.writer().take_count();
    report_.calls = count.calls;
    report_.call_errors = count.errors;
    if (count.errors > 0)
      report_.problems.push_back(std::to_string(count.errors) + " of " + std::to_string(count.calls) +
                                 " calls failed, the first with " + count.first_error);
  }

  Stage& stage_;
  const Screen& screen_;
  const Shard& shard_;
  FaultReport report_{};
  Expectation expected_;
  std::optional<std::size_t> stopped_;  // the node that sleeps
  std::shared_ptr<const Topology> topology_before_;
};

}  // namespace

FaultReport cause_fault(const Step& step, Stage& stage, const Screen& screen) {
  return FaultRun(step, stage, screen).run();
}

}  // namespace dbha::demo
