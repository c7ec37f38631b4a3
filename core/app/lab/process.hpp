#pragma once
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace dbha::lab {

/// How a process ended: of itself, with an exit code, or by a signal, with the signal's number.
struct ExitStatus {
  bool by_signal = false;
  int value = 0;
  bool operator==(const ExitStatus&) const = default;
};

/// "exit code 1", "signal 9".
std::string to_string(const ExitStatus& status);

/// A running program that never outlives this object, nor this process: the destructor kills and reaps it, and the
/// kernel kills it (PR_SET_PDEATHSIG) if this process dies without running destructors.
///
/// Spawn from a thread that lives as long as the child is wanted, normally main: the kernel takes the end of the
/// spawning THREAD for the death of the parent.
///
/// The child gets only standard input (empty), output and error (both to the log), an unblocked signal mask, and a
/// process group of its own, so that Ctrl-C at the terminal reaches the parent alone.
class ChildProcess {
 public:
  /// Starts `argv`, found along PATH, in `directory` (empty: the current one); its output is appended to `log`. Returns
  /// when the program runs. Throws std::runtime_error with the reason when it cannot be started.
  static ChildProcess spawn(const std::vector<std::string>& argv, const std::filesystem::path& log,
                            const std::filesystem::path& directory = {});

  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  /// The number stays known after the end, but then belongs to nobody.
  pid_t pid() const { return pid_; }

  bool running() { return !exit_status().has_value(); }

  /// nullopt while it runs, stopped or not.
  std::optional<ExitStatus> exit_status();

  /// nullopt if it still runs after `timeout`.
  std::optional<ExitStatus> wait_exit(std::chrono::nanoseconds timeout);

  /// Throws std::runtime_error if it has ended.
  void signal(int number);

  /// SIGSTOP; returns when the kernel shows every thread of it stopped, so nothing can be answered any more. Its
  /// sockets stay open and the kernel still completes TCP connects to them: a black hole. Throws std::runtime_error if
  /// it ends instead.
  void stop();

  /// SIGCONT; returns when it is no longer stopped.
  void resume();

  /// SIGKILL; returns when it is gone, its sockets closed.
  void kill_now();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  bool stopped() const;
  void wait_for_stopped(bool wanted);

  pid_t pid_ = -1;                    // -1 after a move
  std::optional<ExitStatus> status_;  // set once reaped: from then on the pid may be somebody else's
};

}  // namespace dbha::lab
