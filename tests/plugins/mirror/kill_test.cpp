// A process that puts as fast as it can is killed; what it was told is stored must be there.
#include <csignal>
#include <random>

#include <sys/wait.h>
#include <unistd.h>

#include "mirror_bench.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

/// In the child: puts, and writes the number of each entry into the pipe after it was said to be stored.
[[noreturn]] void accept_until_killed(const mirror::Settings& settings, int pipe) {
  TestLog log;
  FakeHost host;
  FakeDatabase database;
  mirror::LocalMirror mirror(settings, log, host, database);
  const auto say = [pipe](std::int32_t i) {
    if (write(pipe, &i, sizeof i) != sizeof i) _exit(1);
  };
  for (std::int32_t i = 0;; ++i) {
    const auto name = port(std::to_string(i % 5000), "switch-" + std::to_string(i % 5));
    mirror.put(name, std::to_string(i), {}, [&say, i](const MirrorResult& result) {
      if (result.outcome == MirrorOutcome::stored) say(i);
    });
    if (i % 200 == 0) mirror.put(port("pace"), std::to_string(i)).get();
  }
}

/// What has come, up to `enough` numbers, or to the end.
std::vector<std::int32_t> read_numbers(int pipe, std::size_t enough) {
  std::vector<std::int32_t> out;
  std::int32_t number = 0;
  while (out.size() < enough && read(pipe, &number, sizeof number) == sizeof number) out.push_back(number);
  return out;
}

}  // namespace

TEST_CASE("all that was said to be stored is there after kill -9 at any moment, and nothing older in its place") {
  std::mt19937 random(7);
  for (int round = 0; round < 6; ++round) {
    const TempFolder folder;
    auto settings = settings_in(folder.path());
    settings.file.durability = round % 2 == 0 ? mirror::Durability::power : mirror::Durability::process;
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = fork();  // before this process has other threads
    if (child == 0) {
      close(pipe[0]);
      accept_until_killed(settings, pipe[1]);
    }
    close(pipe[1]);
    auto told = read_numbers(pipe[0], 500 + random() % 8000);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    for (const auto number : read_numbers(pipe[0], SIZE_MAX)) told.push_back(number);
    close(pipe[0]);

    REQUIRE(told.size() >= 500);
    MirrorBench bench(settings);
    for (const auto number : told) {
      const auto found = bench.mirror->get(port(std::to_string(number % 5000), "switch-" + std::to_string(number % 5)));
      REQUIRE(found.ok);
      REQUIRE(found.entry);
      REQUIRE(std::stoi(found.entry->value) >= number);
    }
    bench.until_drained();
    CHECK(bench.put_through(port("after"), "v").in_database);
  }
}
