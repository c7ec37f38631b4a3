#include "lab/process.hpp"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/temp_dir.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha::lab;
using namespace std::chrono_literals;

namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_gone(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

/// Dead, though perhaps not yet reaped by whoever inherited it.
bool is_dead(pid_t pid) {
  return is_gone(pid) || content("/proc/" + std::to_string(pid) + "/stat").find(") Z ") != std::string::npos;
}

}  // namespace

TEST_CASE("a child process writes to its log, runs in its folder, and its exit code is known") {
  const TempDir folder;
  auto child = ChildProcess::spawn({"sh", "-c", "pwd; echo oops >&2; exit 3"}, folder.path() / "log", folder.path());
  CHECK(child.wait_exit(10s) == ExitStatus{false, 3});
  CHECK(content(folder.path() / "log") == std::filesystem::canonical(folder.path()).string() + "\noops\n");
  CHECK_FALSE(child.running());
  CHECK_THROWS_WITH(child.signal(SIGTERM), Catch::Contains("it has ended with exit code 3"));
}

TEST_CASE("a program that cannot be started is an exception with the reason") {
  const TempDir folder;
  CHECK_THROWS_WITH(ChildProcess::spawn({"dbha-no-such-program"}, folder.path() / "log"),
                    "cannot start dbha-no-such-program: exec: No such file or directory");
  CHECK_THROWS_WITH(ChildProcess::spawn({"true"}, folder.path() / "log", folder.path() / "nowhere"),
                    "cannot start true: chdir: No such file or directory");
}

TEST_CASE("a child process can be stopped, resumed and killed") {
  const TempDir folder;
  auto child = ChildProcess::spawn({"sh", "-c", "trap 'exit 7' TERM; while :; do read -r _ < fifo; done"},
                                   folder.path() / "log", folder.path());
  child.stop();
  child.signal(SIGTERM);
  CHECK_FALSE(child.wait_exit(50ms));  // stopped: the signal stays pending
  child.kill_now();
  CHECK(child.exit_status() == ExitStatus{true, SIGKILL});
  CHECK(is_gone(child.pid()));
}

TEST_CASE("a resumed child process goes on") {
  const TempDir folder;
  auto child = ChildProcess::spawn({"sleep", "1000"}, folder.path() / "log");
  child.stop();
  child.resume();
  child.signal(SIGTERM);
  CHECK(child.wait_exit(10s) == ExitStatus{true, SIGTERM});
}

TEST_CASE("the end of the object is the end of the process, stopped or not") {
  const TempDir folder;
  pid_t running = 0;
  pid_t stopped = 0;
  {
    auto first = ChildProcess::spawn({"sleep", "1000"}, folder.path() / "log");
    auto second = ChildProcess::spawn({"sleep", "1000"}, folder.path() / "log");
    second.stop();
    running = first.pid();
    stopped = second.pid();
    const auto moved = std::move(first);
    CHECK(moved.pid() == running);
    CHECK_FALSE(is_gone(running));
  }
  CHECK(is_gone(running));
  CHECK(is_gone(stopped));
}

TEST_CASE("a child process dies with a parent that had no time to clean up") {
  const TempDir folder;
  const auto pid_file = folder.path() / "pid";
  const pid_t parent = fork();
  if (parent == 0)
    [&]() noexcept {  // an exception must not reach the copy of the test framework
      const auto child = ChildProcess::spawn({"sleep", "1000"}, folder.path() / "log");
      std::ofstream(pid_file) << child.pid() << std::endl;
      ::kill(getpid(), SIGKILL);
    }();
  REQUIRE(waitpid(parent, nullptr, 0) == parent);
  const pid_t child = std::stoi(content(pid_file));
  CHECK(wait_until(10s, [&] { return is_dead(child); }));
}

TEST_CASE("a child process inherits no descriptor but its standard ones") {
  const TempDir folder;
  const int leaked = dup(STDERR_FILENO);  // as a library does that knows no CLOEXEC
  auto child = ChildProcess::spawn({"ls", "/proc/self/fd"}, folder.path() / "log");
  CHECK(child.wait_exit(10s) == ExitStatus{false, 0});
  CHECK(content(folder.path() / "log") == "0\n1\n2\n3\n");  // 3 is the folder that ls reads
  close(leaked);
}
