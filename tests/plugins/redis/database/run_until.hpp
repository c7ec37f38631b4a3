#pragma once
/// Waits for a condition on the loop of the test; never sleeps.

#include <chrono>

#include "loop/epoll_loop.hpp"

namespace dbha::test {

/// Serves the loop until the condition holds. False: it did not within the time given.
template <class Condition>
bool run_until(EpollLoop& loop, Condition condition, Duration limit = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    loop.turn(std::chrono::milliseconds(10));
  }
  return true;
}

/// Serves the loop for that long, to see that something does not happen.
inline void run_for(EpollLoop& loop, Duration time) {
  run_until(
      loop, [] { return false; }, time);
}

/// Lets everything that is under way between this process and itself arrive.
inline void settle(EpollLoop& loop) {
  for (int turn = 0; turn < 30; ++turn) loop.turn(std::chrono::milliseconds(1));
}

}  // namespace dbha::test
