#pragma once
/// A loop on virtual time: nothing happens until the test lets time pass, so a test of a 30 s time-out takes
/// microseconds.

#include <map>
#include <utility>
#include <vector>

#include <dbha/event_loop.hpp>

namespace dbha::test {

class VirtualLoop final : public EventLoop {
 public:
  /// Runs everything posted and every timer due until then, in order of time.
  void advance(Duration duration) {
    const TimePoint until = now_ + duration;
    run_posted();
    while (!timers_.empty() && timers_.begin()->first.first <= until) {
      auto node = timers_.extract(timers_.begin());
      const Id id = node.key().second;
      now_ = std::max(now_, node.key().first);
      times_.erase(id);
      running_ = id;
      cancelled_ = false;
      const auto again = node.mapped()();
      if (again && !cancelled_) insert(id, std::max(*again, Duration(1)), std::move(node.mapped()));
      running_ = 0;
      run_posted();
    }
    now_ = until;
  }

  TimePoint now() const override { return now_; }
  void post(Task task) override { posted_.push_back(std::move(task)); }
  Id start_timer(Duration delay, TimerTask task) override {
    const Id id = next_id_++;
    insert(id, delay, std::move(task));
    return id;
  }
  void cancel_timer(Id id) override {
    if (id == running_) cancelled_ = true;
    auto it = times_.find(id);
    if (it == times_.end()) return;
    timers_.erase({it->second, id});
    times_.erase(it);
  }
  Id start_watch(int, Readiness, Priority, WatchTask) override { return next_id_++; }
  void change_watch(Id, Readiness) override {}
  void end_watch(Id) override {}

 private:
  void insert(Id id, Duration delay, TimerTask task) {
    times_[id] = now_ + delay;
    timers_.emplace(std::pair{now_ + delay, id}, std::move(task));
  }
  void run_posted() {
    while (!posted_.empty()) {
      auto tasks = std::exchange(posted_, {});
      for (auto& task : tasks) task();
    }
  }

  TimePoint now_ = TimePoint{} + std::chrono::hours(1);
  Id next_id_ = 1;
  Id running_ = 0;
  bool cancelled_ = false;
  std::map<std::pair<TimePoint, Id>, TimerTask> timers_;
  std::map<Id, TimePoint> times_;
  std::vector<Task> posted_;
};

}  // namespace dbha::test
