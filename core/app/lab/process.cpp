#include "lab/process.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/process_child.hpp"
#include "lab/wait.hpp"

namespace dbha::lab {
namespace {

constexpr std::chrono::seconds kStateChangeTimeout{10};

std::runtime_error error_of(pid_t pid, const std::string& what) {
  return std::runtime_error("process " + std::to_string(pid) + ": " + what);
}

/// The state letter of a /proc/.../stat file, or 0. The name before it is in parentheses and may itself contain any
/// character.
char state_in(const std::filesystem::path& stat_file) {
  std::ifstream file(stat_file);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto end_of_name = text.rfind(')');
  return end_of_name == std::string::npos || end_of_name + 2 >= text.size() ? '\0' : text[end_of_name + 2];
}

}  // namespace

std::string to_string(const ExitStatus& status) {
  return (status.by_signal ? "signal " : "exit code ") + std::to_string(status.value);
}

ChildProcess ChildProcess::spawn(const std::vector<std::string>& argv, const std::filesystem::path& log,
                                 const std::filesystem::path& directory) {
  return ChildProcess(start_program(argv, log, directory));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(std::exchange(other.status_, std::nullopt)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);  // the child held so far ends with `other`
  std::swap(status_, other.status_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) kill_now();
}

std::optional<ExitStatus> ChildProcess::exit_status() {
  if (status_) return status_;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) == 0 && info.si_pid == pid_)
    status_ = ExitStatus{info.si_code != CLD_EXITED, info.si_status};
  return status_;
}

std::optional<ExitStatus> ChildProcess::wait_exit(std::chrono::nanoseconds timeout) {
  wait_until(timeout, [&] { return exit_status().has_value(); });
  return status_;
}

void ChildProcess::signal(int number) {
  if (const auto ended = exit_status())
    throw error_of(pid_, "cannot send signal " + std::to_string(number) + ", it has ended with " + to_string(*ended));
  if (::kill(pid_, number) != 0) throw std::system_error(errno, std::generic_category(), "kill");
}

bool ChildProcess::stopped() const {
  std::error_code error;  // a thread, or the process, may end while we look
  bool any = false;
  for (std::filesystem::directory_iterator thread("/proc/" + std::to_string(pid_) + "/task", error), end;
       !error && thread != end; thread.increment(error)) {
    if (state_in(thread->path() / "stat") != 'T') return false;
    any = true;
  }
  return any && !error;
}

void ChildProcess::wait_for_stopped(bool wanted) {
  const bool reached = wait_until(kStateChangeTimeout, [&] { return !running() || stopped() == wanted; });
  if (status_) throw error_of(pid_, "ended with " + to_string(*status_) + " when it was to be stopped or resumed");
  if (!reached) throw error_of(pid_, wanted ? "does not stop after SIGSTOP" : "still stopped after SIGCONT");
}

void ChildProcess::stop() {
  signal(SIGSTOP);
  wait_for_stopped(true);
}

void ChildProcess::resume() {
  signal(SIGCONT);
  wait_for_stopped(false);
}

void ChildProcess::kill_now() {
  if (exit_status()) return;
  ::kill(pid_, SIGKILL);
  siginfo_t info{};
  int result = 0;
  do {
    result = waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
  } while (result != 0 && errno == EINTR);
  status_ = ExitStatus{info.si_code != CLD_EXITED, info.si_status};
}

}  // namespace dbha::lab
