#pragma once
/// Calls back later than the function that asked for it has returned.

#include <functional>
#include <utility>
#include <vector>

#include <dbha/event_loop.hpp>

namespace dbha::redis {

/// Loop thread only. What is still waiting when it is destroyed or cleared is not called.
class Deferred {
 public:
  explicit Deferred(EventLoop& loop) : loop_(loop) {}

  void run(std::function<void()> task) {
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return;
    timer_ = Timer(loop_, Duration(0), [this]() -> std::optional<Duration> {
      for (auto& each : std::exchange(tasks_, {})) each();
      return std::nullopt;
    });
  }
  /// Takes back what was not called yet.
  std::vector<std::function<void()>> take() { return std::exchange(tasks_, {}); }

 private:
  EventLoop& loop_;
  std::vector<std::function<void()>> tasks_;
  Timer timer_;
};

}  // namespace dbha::redis
