#pragma once
/// Virtual time: nothing happens between two tasks, so thirty seconds take some milliseconds.

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "model/clock.hpp"

namespace dbha::sim {

/// Tasks that are due together run in the order in which they were given: a schedule has one course only.
class VirtualClock final : public memory::Clock {
 public:
  TimePoint now() const override { return now_; }

  void after(Duration delay, std::function<void()> task) override {
    const std::size_t slot = take_slot();
    tasks_[slot] = std::move(task);
    heap_.push_back({now_ + std::max(delay, Duration(0)), order_++, slot});
    std::push_heap(heap_.begin(), heap_.end());
  }

  /// Runs the next task that is due until then; false, and that time, if there is none.
  bool step(TimePoint until) {
    if (heap_.empty() || heap_.front().at > until) {
      now_ = until;
      return false;
    }
    std::pop_heap(heap_.begin(), heap_.end());
    const Due due = heap_.back();
    heap_.pop_back();
    now_ = due.at;
    const auto task = std::move(tasks_[due.slot]);
    tasks_[due.slot] = nullptr;
    free_.push_back(due.slot);
    task();
    return true;
  }

  std::uint64_t steps() const { return order_ - heap_.size(); }

 private:
  struct Due {
    TimePoint at;
    std::uint64_t order;
    std::size_t slot;
    friend bool operator<(const Due& a, const Due& b) {
      return std::pair(a.at, a.order) > std::pair(b.at, b.order);  // a heap's front is the greatest
    }
  };

  std::size_t take_slot() {
    if (free_.empty()) {
      tasks_.emplace_back();
      return tasks_.size() - 1;
    }
    const std::size_t slot = free_.back();
    free_.pop_back();
    return slot;
  }

  TimePoint now_ = TimePoint{} + std::chrono::hours(1);
  std::uint64_t order_ = 0;
  std::vector<Due> heap_;
  std::vector<std::function<void()>> tasks_;  // apart from the heap, whose elements move often
  std::vector<std::size_t> free_;
};

/// The end of a process ends what it had planned: a task wrapped by it does nothing afterwards.
class Life {
 public:
  template <class Task>
  auto guard(Task task) const {
    return [alive = std::weak_ptr<const char>(alive_), task = std::move(task)](auto&&... args) mutable {
      if (!alive.expired()) task(std::forward<decltype(args)>(args)...);
    };
  }

 private:
  std::shared_ptr<const char> alive_ = std::make_shared<const char>('\0');
};

}  // namespace dbha::sim
