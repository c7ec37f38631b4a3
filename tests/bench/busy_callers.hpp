#pragma once
/// Callers that never pause, and when their writes go through again after a failover.

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <dbha/controller.hpp>

#include "bench_site.hpp"

namespace dbha::bench {

inline constexpr int busy_callers = 16;

/// When the first write since the last reset() ended well on a given node.
class FirstWrite {
 public:
  void reset(std::uint16_t port) {
    const std::lock_guard lock(mutex_);
    port_ = port;
    at_.reset();
  }
  void take(const Result& result) {
    const std::lock_guard lock(mutex_);
    if (result.ok() && result.node.port == port_ && !at_) at_ = Clock::now();
  }
  std::optional<Clock::time_point> at() const {
    const std::lock_guard lock(mutex_);
    return at_;
  }

 private:
  mutable std::mutex mutex_;
  std::uint16_t port_ = 0;
  std::optional<Clock::time_point> at_;
};

/// Callers of one shard, each with a write under way all the time.
class BusyCallers {
 public:
  BusyCallers(Controller& controller, std::vector<std::string> keys) : controller_(controller), keys_(std::move(keys)) {
    for (int i = 0; i < busy_callers; ++i) next();
  }
  ~BusyCallers() {
    stopping_ = true;
    while (running_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // all end by their deadlines
  }
  BusyCallers(const BusyCallers&) = delete;
  BusyCallers& operator=(const BusyCallers&) = delete;

  FirstWrite first;
  std::atomic<std::size_t> failed = 0;

 private:
  void next() {
    ++running_;
    const std::string& key = keys_[count_++ % keys_.size()];
    controller_.submit({.args = {"SET", key, "busy"}, .repeatable = true}, [this](const Result& result) {
      first.take(result);
      if (!result.ok()) ++failed;
      if (!stopping_) next();
      --running_;
    });
  }

  Controller& controller_;
  const std::vector<std::string> keys_;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<int> running_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace dbha::bench
