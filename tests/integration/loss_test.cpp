// What a dbrestart leaves open is told later: whether anything was lost, with the offsets that show it.

#include <condition_variable>

#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"
#include "topology/ranges.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// What a handler of its own name is told of losses.
class LossWatcher {
 public:
  explicit LossWatcher(Controller& controller) {
    subscriptions_.push_back(controller.on(
        "dbrestart", [this](const Event& event) { return take(std::get<DbRestart>(event)); }, "losses"));
    subscriptions_.push_back(controller.on(
        "loss_known", [this](const Event& event) { return take(std::get<LossKnown>(event)); }, "losses"));
  }

  /// The newest dbrestart for these partitions, as it was told.
  DbRestart restart(const std::string& partitions) {
    DbRestart out;
    wait("a dbrestart for " + partitions, [&] {
      for (const auto& event : restarts_)
        if (text_of(event.partitions) == partitions && event.cause != Cause::start) out = event;
      return !out.id.empty();
    });
    return out;
  }
  /// What became known of it: in the event itself, if that was in time.
  LossKnown known(const DbRestart& event) {
    LossKnown out{event.id, event.cluster, event.partitions, event.loss};
    if (event.loss != Loss::unknown) return out;
    wait("the loss of " + event.id, [&] {
      for (const auto& loss : losses_)
        if (loss.id == event.id) out = loss;
      return out.loss != Loss::unknown;
    });
    return out;
  }
  /// Of that event so far.
  std::size_t told(const DbRestart& event) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(losses_.begin(), losses_.end(), [&](const LossKnown& l) { return l.id == event.id; }));
  }

 private:
  bool take(DbRestart event) {
    const std::lock_guard lock(mutex_);
    restarts_.push_back(std::move(event));
    changed_.notify_all();
    return true;
  }
  bool take(LossKnown event) {
    const std::lock_guard lock(mutex_);
    losses_.push_back(std::move(event));
    changed_.notify_all();
    return true;
  }
  void wait(const std::string& what, const std::function<bool()>& holds) {
    std::unique_lock lock(mutex_);
    INFO("waited for " << what);
    REQUIRE(changed_.wait_for(lock, patience, holds));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<DbRestart> restarts_;
  std::vector<LossKnown> losses_;
  std::vector<Subscription> subscriptions_;  // end first: their handlers use the above
};

void write_to(Controller& controller, int first_slot, int last_slot) {
  const auto key = lab::key_in(first_slot, last_slot);
  REQUIRE(controller.call({.key = key, .args = {"SET", key, "value"}, .repeatable = true}).get().ok());
}

}  // namespace

TEST_CASE("no loss is told after a graceful failover, a possible one after a kill and a restart without data") {
  lab::RedisCluster cluster(with_users());  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 0, .embedded = 1});
  auto& app = fleet.app(0);
  LossWatcher watcher(*app);
  for (const auto& [first, last] : {std::pair{0, 5460}, {5461, 10921}, {10922, 16383}}) write_to(*app, first, last);
  cluster.wait_replicas_in_sync();
  fleet.wait_for("the writes' end", [](const Topology&) { return true; });

  cluster.failover(3);
  const auto graceful = watcher.restart(shards[0]);
  const auto none = watcher.known(graceful);
  CHECK(none.loss == Loss::none);
  if (watcher.told(graceful) > 0) CHECK(none.old_offset <= none.new_offset);

  // Whether the replica had all of it nobody can say before the old primary is back; and then its stream has ended.
  cluster.kill(1);
  const auto killed = watcher.restart(shards[1]);
  CHECK(killed.loss != Loss::none);
  CHECK(killed.old_primary.value == cluster.node(1).id);
  cluster.start(1);
  const auto possible = watcher.known(killed);
  CHECK(possible.loss == Loss::possible);
  CHECK(text_of(possible.partitions) == shards[1]);
  if (watcher.told(killed) > 0) {
    CHECK(possible.old_offset >= 0);
    CHECK(possible.new_offset >= 0);
  }

  cluster.wait_ready();
  cluster.restart_in_place_empty(2);
  const auto restarted = watcher.restart(shards[2]);
  const auto gone = watcher.known(restarted);
  CHECK(gone.loss == Loss::possible);
  if (watcher.told(restarted) > 0) CHECK(gone.old_offset > gone.new_offset);

  // Each once, and each dbrestart once too.
  for (const auto& event : {graceful, killed, restarted}) CHECK(watcher.told(event) <= 1);
  const auto id = [&](std::size_t index) { return cluster.node(index).id; };
  fleet.check_restarts({start_line, failover_line(shards[0], id(0), id(3)), failover_line(shards[1], id(1), id(4)),
                        restart_line(shards[2], id(2))});
}
