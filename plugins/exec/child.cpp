#include "child.hpp"

#include <cerrno>
#include <climits>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <dbha/error.hpp>

namespace dbha::exec {
namespace {

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw Error(what + ": " + std::generic_category().message(error));
}

/// All that the child needs, made ready before fork: another thread may hold the allocator's lock at that moment, so
/// the child may only use calls that are async-signal-safe.
struct Plan {
  std::vector<char*> argv;
  int input;
  int output;
  int errors;
  int failure;  ///< where the errno of a failed step is written; exec closes it
  pid_t parent;
};

[[noreturn]] void give_up(const Plan& plan) {
  const int error = errno;
  [[maybe_unused]] const auto written = write(plan.failure, &error, sizeof error);
  _exit(127);
}

/// What is blocked and what is ignored would survive exec.
void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const Plan& plan) {
  reset_signals();
  if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) give_up(plan);
  if (getppid() != plan.parent) _exit(127);  // the parent died before prctl: no signal will come
  if (dup2(plan.input, STDIN_FILENO) < 0 || dup2(plan.output, STDOUT_FILENO) < 0 ||
      dup2(plan.errors, STDERR_FILENO) < 0)
    give_up(plan);
  // Libraries open descriptors without CLOEXEC; a child that holds a socket keeps a dead connection looking alive.
  if (close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0) give_up(plan);
  execvp(plan.argv[0], plan.argv.data());
  give_up(plan);
}

/// Blocks until the child has called exec or failed; the errno of the latter, else 0.
int failure_of(const FileDescriptor& pipe) {
  int error = 0;
  ssize_t got = 0;
  do got = read(pipe.get(), &error, sizeof error);
  while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof error) ? error : 0;
}

}  // namespace

FileDescriptor readable(std::string_view text) {
  FileDescriptor file(memfd_create("dbha-event", MFD_CLOEXEC));
  if (file.get() < 0) fail("memfd_create");
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR) fail("no memory for the event");
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  if (lseek(file.get(), 0, SEEK_SET) != 0) fail("lseek");
  return file;
}

pid_t start(const std::vector<std::string>& command, const FileDescriptor& input, const FileDescriptor& errors) {
  const FileDescriptor nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (nowhere.get() < 0) fail("cannot open /dev/null");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
  const FileDescriptor failure(ends[0]);
  FileDescriptor failing(ends[1]);
  Plan plan{{}, input.get(), nowhere.get(), errors.get(), failing.get(), getpid()};
  for (const auto& argument : command) plan.argv.push_back(const_cast<char*>(argument.c_str()));
  plan.argv.push_back(nullptr);

  const pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid == 0) run_child(plan);
  failing.reset();  // else the read below would never see the end
  if (const int error = failure_of(failure)) {
    waitpid(pid, nullptr, 0);
    fail("cannot start " + command.front(), error);
  }
  return pid;
}

}  // namespace dbha::exec
