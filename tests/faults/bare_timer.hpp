#pragma once
/// How late a timer is on this machine now, when nothing but the machine is to blame.

#include <atomic>
#include <thread>

#include "loop/epoll_loop.hpp"

namespace dbha::test {

/// A loop on a thread of its own that has nothing else to do.
class BareTimer {
 public:
  BareTimer();
  ~BareTimer();
  BareTimer(const BareTimer&) = delete;
  BareTimer& operator=(const BareTimer&) = delete;

  Duration worst() const { return Duration(worst_); }

 private:
  std::optional<Duration> due();

  std::atomic<Duration::rep> worst_ = 0;
  TimePoint next_{};
  EpollLoop loop_;
  Timer timer_;
  std::thread thread_;
};

}  // namespace dbha::test
