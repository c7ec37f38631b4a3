#pragma once

#include <optional>

#include <signal.h>

#include <dbha/types.hpp>

#include "lab/file_descriptor.hpp"

namespace dbha::shell {

/// All that the shell's one thread waits for: its input, news from the loop thread, and signals. Make it before any
/// thread: all threads must inherit the blocked signals, or one of them would take the signal the default way.
class Wakeups {
 public:
  /// Throws StartError where the system refuses a descriptor.
  Wakeups();
  ~Wakeups();
  Wakeups(const Wakeups&) = delete;
  Wakeups& operator=(const Wakeups&) = delete;

  struct Woken {
    bool input = false;      ///< there is something to read, or the input has ended
    bool interrupt = false;  ///< SIGINT
    bool end = false;        ///< SIGTERM, SIGHUP
  };
  /// Until any of it, news, or the time has come. `with_input`: also for input.
  Woken wait(bool with_input, std::optional<TimePoint> until = std::nullopt);

  /// There is news. Any thread.
  void news();

 private:
  void take_signals(Woken& woken);

  sigset_t mask_before_{};
  lab::FileDescriptor signals_;
  lab::FileDescriptor news_;
};

}  // namespace dbha::shell
