#pragma once
#include <algorithm>
#include <chrono>

#include <time.h>

/// Waiting for a condition, with a deadline. The only place of the project where anything sleeps: a test or a demo
/// waits for something to be true, never for time to pass.
namespace dbha::lab {

namespace detail {
inline void nap(std::chrono::nanoseconds length) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length);
  timespec left{};
  left.tv_sec = static_cast<time_t>(seconds.count());
  left.tv_nsec = static_cast<long>((length - seconds).count());
  nanosleep(&left, nullptr);  // a signal ends the nap early: the caller only looks at its condition sooner
}
}  // namespace detail

/// Asks `condition()` each `poll` until it is true (then returns true) or `timeout` has passed (then false). It is
/// asked at least once, and once more at the very end, so that a loaded machine cannot turn a condition that holds into
/// a failure. What `condition` throws ends the wait.
template <class Condition>
bool wait_until(std::chrono::nanoseconds timeout, Condition condition,
                std::chrono::nanoseconds poll = std::chrono::milliseconds(2)) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const auto left = deadline - Clock::now();  // taken before the question: the last one comes after the deadline
    if (condition()) return true;
    if (left <= left.zero()) return false;
    detail::nap(std::min<std::chrono::nanoseconds>(poll, left));
  }
}

}  // namespace dbha::lab
