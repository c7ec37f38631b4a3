#pragma once

#include <atomic>
#include <thread>

#include <signal.h>

namespace dbha::demo {

/// SIGINT, SIGTERM and SIGHUP as an orderly end: while this object lives they do not kill the process but end every
/// lab::wait_until() by an exception, so that destructors end what was started. Make it before any thread: all threads
/// must inherit the blocked signals, or one of them would take the signal the default way.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  bool happened() const { return happened_; }
  /// Returns when it has happened.
  void wait() const { happened_.wait(false); }

 private:
  void listen(const std::stop_token& stop);

  sigset_t signals_{};
  sigset_t mask_before_{};
  std::atomic<bool> happened_ = false;
  std::jthread thread_;  // last: it uses the above
};

}  // namespace dbha::demo
