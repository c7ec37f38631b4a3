#pragma once
/// A hub with its loop and store, and handlers that tests can look into.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "events/event_hub.hpp"
#include "loop/epoll_loop.hpp"
#include "support/sample_topology.hpp"
#include "support/temp_folder.hpp"
#include "support/test_log.hpp"

namespace dbha::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What a handler was told, on its thread; the test waits for it on its own.
class Told {
 public:
  void add(const Event& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  bool wait_for(std::size_t count, Duration limit = seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return events_.size() >= count; });
  }
  std::vector<Event> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  DbRestart restart(std::size_t i) const { return std::get<DbRestart>(events().at(i)); }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
};

/// Closed until opened; a handler that waits at it hangs.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

inline HandlerThread::Handler telling(Told& told, bool result = true) {
  return [&told, result](const Event& event) {
    told.add(event);
    return result;
  };
}

/// A process's loop, store and hub. `end` ends the hub and keeps the loop's last posts undone, as a crash would.
struct Process {
  explicit Process(const TempFolder& folder, Duration hold_down = {}, Duration handler_slow = seconds(60))
      : store(std::make_unique<StateStore>(folder.path(), "n")),
        hub(std::make_unique<EventHub>(loop, log, *store,
                                       EventHubSettings{.controller = "c",
                                                        .cluster = "nb",
                                                        .hold_down = hold_down,
                                                        .pauses = {milliseconds(1), milliseconds(2)},
                                                        .handler_slow = handler_slow})) {}

  template <class Condition>
  bool turn_until(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      loop.turn(milliseconds(5));
    }
    return true;
  }
  void apply(const Topology& topology) { hub->marks_applied(shared(topology), false); }

  EpollLoop loop;
  TestLog log;
  std::unique_ptr<StateStore> store;
  std::unique_ptr<EventHub> hub;
};

/// The first shard's owner has changed.
inline Topology moved(Topology topology, std::uint64_t epoch, const char* from, const char* to,
                      Loss loss = Loss::unknown) {
  Mark m = mark(epoch, 0, to, "stream-" + std::to_string(epoch));
  m.cause = Cause::failover;
  m.old_owner = {from};
  m.loss = loss;
  topology.marks.set(range(0, 99), m);
  return topology;
}

}  // namespace dbha::test
