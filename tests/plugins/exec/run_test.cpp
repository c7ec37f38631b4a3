// Programs that are run for events, and how they end.
#include "exec/run.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <dbha/error.hpp>

#include "exec/last_lines.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
using namespace dbha::exec;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// That nobody wants to stop.
Ended run(const Order& order, std::string_view input) {
  return exec::run(order, input, Stop());
}

Order shell(const std::string& script, Duration timeout = 20s, Duration kill_after = 20s) {
  return {{"sh", "-c", script}, timeout, kill_after};
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Duration took(const std::function<void()>& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::steady_clock::now() - began;
}

/// The process of that number is gone, or will be in a moment.
bool gone(const std::string& pid) {
  for (int tries = 0; tries < 2000; ++tries) {
    const auto status = contents("/proc/" + pid + "/status");
    if (status.empty() || status.find("State:\tZ") != std::string::npos) return true;
    usleep(5000);
  }
  return false;
}

}  // namespace

TEST_CASE(
    "a program reads its standard input to the end, though it is longer than a pipe holds, and exit status 0 is well") {
  const test::TempFolder folder;
  const auto copy = folder.path() / "copy";
  const std::string text(300'000, 'x');
  const auto ended = run(shell("cat > " + copy.string()), text);
  CHECK(ended.well());
  CHECK(contents(copy) == text);
}

TEST_CASE("a program that does not read its standard input neither blocks nor kills who runs it") {
  CHECK(run(shell("exec <&-; exit 0"), std::string(300'000, 'x')).well());
}

TEST_CASE("another exit status and a signal are told, with the last lines of its standard error") {
  const auto order = shell("for i in 1 2 3 4 5 6 7; do echo line $i >&2; done; echo not this; exit 3");
  const auto failed = run(order, "");
  CHECK_FALSE(failed.well());
  CHECK(text_of(failed, order) == "exit status 3: line 3 | line 4 | line 5 | line 6 | line 7");
  const auto killed = run(shell("kill -9 $$"), "");
  CHECK_FALSE(killed.well());
  CHECK(text_of(killed, order) == "ended by signal 9");
}

TEST_CASE("of a program that talks without end a bounded rest is kept, and it is not held up") {
  const auto ended =
      run(shell("head -c 30000000 /dev/zero | tr '\\0' x >&2; head -c 30000000 /dev/zero; echo end >&2"), "");
  CHECK(ended.well());
  CHECK(ended.errors.size() < LastLines::most_bytes + 20);
  CHECK_THAT(ended.errors, Contains("end"));
}

TEST_CASE("a program that takes too long gets SIGTERM, with all of its group") {
  const test::TempFolder folder;
  const auto order = shell("sleep 1000 & echo $! > " + (folder.path() / "pid").string() + "; wait", 300ms);
  Ended ended;
  CHECK(took([&] { ended = run(order, ""); }) < 10s);
  CHECK_FALSE(ended.well());
  CHECK(text_of(ended, order) == "took longer than 300ms, and was ended");
  auto pid = contents(folder.path() / "pid");
  REQUIRE_FALSE(pid.empty());
  pid.pop_back();
  CHECK(gone(pid));
}

TEST_CASE("a program that does not mind SIGTERM gets SIGKILL") {
  const auto order = shell("trap '' TERM; while :; do sleep 0.05; done", 100ms, 200ms);
  Ended ended;
  const auto time = took([&] { ended = run(order, ""); });
  CHECK(time >= 300ms);
  CHECK(time < 10s);
  CHECK_FALSE(ended.well());
  CHECK(ended.by_signal);
  CHECK(ended.value == SIGKILL);
}

TEST_CASE("a program that ends at SIGTERM with exit status 0 has failed all the same") {
  CHECK_FALSE(run(shell("trap 'exit 0' TERM; while :; do sleep 0.05; done", 100ms), "").well());
}

TEST_CASE("a program that another thread wants to stop is ended at once, and one that begins then as well") {
  Stop stop;
  Ended ended;
  std::thread other([&] {
    usleep(50'000);
    stop.now();
  });
  CHECK(took([&] { ended = exec::run(shell("sleep 1000"), "", stop); }) < 10s);
  other.join();
  CHECK_FALSE(ended.well());
  CHECK(text_of(ended, shell("")) == "ended, because dbha ends");
  CHECK(took([&] { ended = exec::run(shell("sleep 1000"), "", stop); }) < 10s);
  CHECK_FALSE(ended.well());
}

TEST_CASE("what a program leaves running does not hold up its end, though it holds the standard error") {
  Ended ended;
  CHECK(took([&] { ended = run(shell("sleep 10 & exit 0"), ""); }) < 8s);
  CHECK(ended.well());
}

TEST_CASE("a program gets no descriptor of this process, no signal mask and no ignored signal") {
  const test::TempFolder folder;
  const auto seen = (folder.path() / "seen").string();
  const int ours = open("/dev/null", O_RDONLY);  // without CLOEXEC
  REQUIRE(ours >= 0);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  const auto ended = run(
      {{"sh", "-c", "ls /proc/self/fd > " + seen + "; grep Sig /proc/self/status > " + seen + ".sig"}, 20s, 1s}, "");
  ::signal(SIGPIPE, old);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(ours);
  CHECK(ended.well());
  CHECK(contents(seen) == "0\n1\n2\n3\n");  // 3 is the folder that ls reads
  CHECK_THAT(contents(seen + ".sig"), Contains("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000"));
}

TEST_CASE("a program that cannot be started is an error that says why") {
  CHECK_THROWS_WITH(run({{"/no/such/program"}, 1s, 1s}, ""),
                    "cannot start /no/such/program: No such file or directory");
  CHECK_THROWS_WITH(run({{"/etc/passwd"}, 1s, 1s}, ""), "cannot start /etc/passwd: Permission denied");
}

TEST_CASE("last lines: empty ones are passed over, and the newest are kept") {
  LastLines lines;
  CHECK(lines.text().empty());
  lines.add("\n\r\n");
  CHECK(lines.text().empty());
  lines.add("one\r\n\ntw");
  lines.add("o");
  CHECK(lines.text() == "one | two");
  lines.add("\n3\n4\n5\n6\n");
  CHECK(lines.text() == "two | 3 | 4 | 5 | 6");
}
