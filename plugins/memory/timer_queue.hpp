#pragma once
/// The model's clock in real time: what is due, in order.

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "model/clock.hpp"

namespace dbha::memory {

/// One thread.
class TimerQueue final : public Clock {
 public:
  /// As of the task that runs: one time for all that happens in it.
  TimePoint now() const override { return now_; }
  void after(Duration delay, std::function<void()> task) override { tasks_.emplace(now_ + delay, std::move(task)); }

  std::optional<TimePoint> next() const { return tasks_.empty() ? std::nullopt : std::optional(tasks_.begin()->first); }
  /// Moves the time on and runs what is due, each at the time it was due: a thread that was late keeps their order.
  void run_until(TimePoint time) {
    while (!tasks_.empty() && tasks_.begin()->first <= time) {
      const auto due = tasks_.extract(tasks_.begin());
      now_ = std::max(now_, due.key());
      due.mapped()();
    }
    now_ = std::max(now_, time);
  }

 private:
  TimePoint now_ = std::chrono::steady_clock::now();
  std::multimap<TimePoint, std::function<void()>> tasks_;  // equal times in the order of insertion
};

}  // namespace dbha::memory
