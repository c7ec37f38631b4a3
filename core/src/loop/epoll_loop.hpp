#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include <dbha/event_loop.hpp>

namespace dbha {

/// The loop of a real process, on epoll. One turn: wait, database descriptors, timers that are due, posted tasks, bus
/// descriptors; so a burst on the bus cannot delay the detection of a failover. zmq::poll would cost 117 us a turn at
/// 1000 descriptors.
class EpollLoop final : public EventLoop {
 public:
  /// Throws StartError where the system refuses a descriptor.
  EpollLoop();
  ~EpollLoop() override;
  EpollLoop(const EpollLoop&) = delete;
  EpollLoop& operator=(const EpollLoop&) = delete;

  /// Serves until stop(). The calling thread becomes the loop thread.
  void run();
  /// Ends run() after the present turn. Any thread, and signal handlers' threads; may come before run().
  void stop();
  /// Serves one turn, waiting at most that long for something to happen.
  void turn(Duration wait);

  TimePoint now() const override { return now_; }
  void post(Task task) override;
  Id start_timer(Duration delay, TimerTask task) override;
  void cancel_timer(Id id) override;
  Id start_watch(int fd, Readiness interest, Priority priority, WatchTask task) override;
  void change_watch(Id id, Readiness interest) override;
  void end_watch(Id id) override;

 private:
  struct WatchEntry {
    int fd;
    Priority priority;
    WatchTask task;
    Readiness interest;
  };
  using TimerKey = std::pair<TimePoint, Id>;  // equal times run in the order of their start

  void wait(Duration limit);
  void serve(Priority priority);
  void run_due_timers();
  void run_posted();
  void wake();
  Duration until_next_timer(Duration limit) const;

  int epoll_ = -1;
  int wake_ = -1;  // eventfd: one wake-up for all posts of a turn
  TimePoint now_;
  Id next_id_ = 1;
  std::map<TimerKey, TimerTask> timers_;
  std::unordered_map<Id, TimePoint> timer_times_;
  std::unordered_map<Id, std::shared_ptr<WatchEntry>> watches_;
  std::vector<std::pair<Id, Readiness>> ready_;
  std::atomic<bool> stopping_ = false;

  std::mutex mutex_;  // guards posted_, the only thing other threads touch
  std::vector<Task> posted_;
};

}  // namespace dbha
