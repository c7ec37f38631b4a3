#include "lab/process_child.hpp"

#include <cerrno>
#include <climits>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/file_descriptor.hpp"

namespace dbha::lab {
namespace {

/// All that the child needs, made ready before fork: another thread may hold the allocator's lock at that moment, so
/// the child may only use calls that are async-signal-safe.
struct Plan {
  std::vector<char*> argv;
  std::string directory;
  FileDescriptor input;
  FileDescriptor output;
  pid_t parent;
};

/// What the child writes into the pipe when a step fails. A successful exec closes the pipe, and nothing is read.
struct Failure {
  char step[32];
  int error;
};

[[noreturn]] void fail(int pipe, const char* step) {
  Failure failure{};
  failure.error = errno;
  std::strncpy(failure.step, step, sizeof failure.step - 1);
  [[maybe_unused]] const auto written = write(pipe, &failure, sizeof failure);
  _exit(127);
}

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);  // both the mask and what is ignored would survive exec
  ::signal(SIGPIPE, SIG_DFL);
}

[[noreturn]] void run_child(const Plan& plan, int pipe) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(pipe, "prctl");
  if (getppid() != plan.parent) _exit(127);  // the parent died before prctl: no signal will come
  reset_signals();
  setpgid(0, 0);
  if (!plan.directory.empty() && chdir(plan.directory.c_str()) != 0) fail(pipe, "chdir");
  if (dup2(plan.input.get(), STDIN_FILENO) < 0 || dup2(plan.output.get(), STDOUT_FILENO) < 0 ||
      dup2(plan.output.get(), STDERR_FILENO) < 0)
    fail(pipe, "dup2");
  // Libraries open sockets without CLOEXEC (hiredis does); a child that holds one keeps a dead connection looking
  // alive.
  if (close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0) fail(pipe, "close_range");
  execvp(plan.argv[0], plan.argv.data());
  fail(pipe, "exec");
}

FileDescriptor open_file(const char* path, int flags) {
  FileDescriptor file(open(path, flags | O_CLOEXEC, 0644));
  if (file.get() < 0) throw std::system_error(errno, std::generic_category(), std::string("cannot open ") + path);
  return file;
}

/// Blocks until the child has called exec or failed.
void throw_if_failed(pid_t pid, FileDescriptor& pipe, const std::string& program) {
  Failure failure{};
  ssize_t got = 0;
  do {
    got = read(pipe.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return;
  waitpid(pid, nullptr, 0);
  throw std::runtime_error("cannot start " + program + ": " + failure.step + ": " +
                           std::generic_category().message(failure.error));
}

}  // namespace

pid_t start_program(const std::vector<std::string>& argv, const std::filesystem::path& log,
                    const std::filesystem::path& directory) {
  if (argv.empty()) throw std::invalid_argument("cannot start a program: argv is empty");
  Plan plan{{},
            directory.string(),
            open_file("/dev/null", O_RDONLY),
            open_file(log.c_str(), O_WRONLY | O_CREAT | O_APPEND),
            getpid()};
  for (const auto& argument : argv) plan.argv.push_back(const_cast<char*>(argument.c_str()));
  plan.argv.push_back(nullptr);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid == 0) run_child(plan, write_end.get());
  write_end.reset();  // else the read below would never see the end
  throw_if_failed(pid, read_end, argv.front());
  return pid;
}

}  // namespace dbha::lab
