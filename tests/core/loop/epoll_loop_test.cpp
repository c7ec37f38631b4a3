#include "loop/epoll_loop.hpp"

#include <array>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include "support/catch.hpp"

using namespace dbha;
using namespace std::chrono_literals;

namespace {
struct SocketPair {
  std::array<int, 2> fd{};
  SocketPair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fd.data()) == 0); }
  ~SocketPair() {
    close(fd[0]);
    close(fd[1]);
  }
  void send() const { REQUIRE(write(fd[1], "x", 1) == 1); }
  void receive() const {
    char c = 0;
    REQUIRE(read(fd[0], &c, 1) == 1);
  }
};
}  // namespace

TEST_CASE("one turn serves the database, then timers, then posts, then the bus") {
  EpollLoop loop;
  SocketPair bus;
  SocketPair database;
  std::string order;
  Watch first(loop, bus.fd[0], {.readable = true}, Priority::bus, [&](Readiness) { bus.receive(), order += "bus "; });
  Watch second(loop, database.fd[0], {.readable = true}, Priority::database,
               [&](Readiness) { database.receive(), order += "database "; });
  Timer timer(loop, 0ms, [&] { return order += "timer ", std::nullopt; });
  loop.post([&] { order += "post "; });
  bus.send();
  database.send();
  loop.turn(1s);
  CHECK(order == "database timer post bus ");
}

TEST_CASE("a timer returns its next delay, and may end itself or others while it runs") {
  EpollLoop loop;
  int count = 0;
  Timer other;
  Timer timer(loop, 1ms, [&]() -> std::optional<Duration> {
    other.reset();
    if (++count == 3) {
      timer.reset();
      loop.stop();
    }
    return 1ms;
  });
  other = Timer(loop, 1ms, [&]() -> std::optional<Duration> {
    FAIL("ended by the timer before it");
    return std::nullopt;
  });
  loop.run();
  CHECK(count == 3);
}

TEST_CASE("a watch ended by an earlier callback of the same turn is not called any more") {
  EpollLoop loop;
  SocketPair a;
  SocketPair b;
  int calls = 0;
  Watch watch_a;
  Watch watch_b;
  watch_a = Watch(loop, a.fd[0], {.readable = true}, Priority::database,
                  [&](Readiness) { ++calls, watch_b.reset(), watch_a.reset(); });
  watch_b = Watch(loop, b.fd[0], {.readable = true}, Priority::database,
                  [&](Readiness) { ++calls, watch_a.reset(), watch_b.reset(); });
  a.send();
  b.send();
  loop.turn(1s);
  loop.turn(0s);
  CHECK(calls == 1);
}

TEST_CASE("the end of a stream is reported as readable, also to who waits for writable") {
  EpollLoop loop;
  auto pair = std::make_unique<SocketPair>();
  const int mine = dup(pair->fd[0]);
  Readiness seen;
  Watch watch(loop, mine, {.writable = false}, Priority::database, [&](Readiness readiness) { seen = readiness; });
  pair.reset();
  loop.turn(1s);
  CHECK(seen.readable);
  watch.reset();
  close(mine);
}

TEST_CASE("posts of other threads run on the loop thread in their order, and stop() ends the loop") {
  EpollLoop loop;
  std::vector<int> seen;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) loop.post([&seen, i] { seen.push_back(i); });
    loop.post([&loop] { loop.stop(); });
  });
  loop.run();
  poster.join();
  REQUIRE(seen.size() == 1000);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
}
