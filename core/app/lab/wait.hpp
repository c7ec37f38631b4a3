#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>

#include <time.h>

/// Waiting for a condition, with a deadline. The only place of the project where anything sleeps: a test or a demo
/// waits for something to be true, never for time to pass.
namespace dbha::lab {

/// Ends a wait because the program is to end. No std::runtime_error: who handles a fault of a node must not swallow it.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

namespace detail {
inline std::atomic<bool> interrupted = false;

inline void nap(std::chrono::nanoseconds length) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length);
  timespec left{};
  left.tv_sec = static_cast<time_t>(seconds.count());
  left.tv_nsec = static_cast<long>((length - seconds).count());
  nanosleep(&left, nullptr);  // a signal ends the nap early: the caller only looks at its condition sooner
}
}  // namespace detail

/// From now on every wait_until() of this process throws Interrupted: a user who presses Ctrl-C in the middle of a wait
/// of seconds expects the program to end, and what it has started too. So no destructor may wait_until(). Any thread.
inline void interrupt_waits() noexcept {
  detail::interrupted = true;
}

/// Asks `condition()` each `poll` until it is true (then returns true) or `timeout` has passed (then false). It is
/// asked at least once, and once more at the very end, so that a loaded machine cannot turn a condition that holds into
/// a failure. What `condition` throws ends the wait; after interrupt_waits() Interrupted is thrown.
template <class Condition>
bool wait_until(std::chrono::nanoseconds timeout, Condition condition,
                std::chrono::nanoseconds poll = std::chrono::milliseconds(2)) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    if (detail::interrupted) throw Interrupted();
    const auto left = deadline - Clock::now();  // taken before the question: the last one comes after the deadline
    if (condition()) return true;
    if (left <= left.zero()) return false;
    detail::nap(std::min<std::chrono::nanoseconds>(poll, left));
  }
}

}  // namespace dbha::lab
