// A client, the gate, an echo server behind it. Each verb in turn.
#include "support/gate.hpp"

#include "blocking_client.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"
#include "support/listener.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// Says everything back, on a thread of its own.
class Echo {
 public:
  Echo() : thread_([this] { loop_.run(); }) {}
  ~Echo() {
    loop_.stop();
    thread_.join();
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;
  std::uint16_t port() const { return listener_.endpoint().port; }

 private:
  struct Client {
    lab::FileDescriptor fd;
    Watch watch{};
  };
  void accepted(lab::FileDescriptor fd) {
    const int number = fd.get();
    Client& client = clients_.insert_or_assign(number, Client{std::move(fd)}).first->second;
    client.watch = Watch(loop_, number, {.readable = true, .writable = false}, Priority::bus,
                         [this, number](Readiness) { echo(number); });
  }
  void echo(int number) {
    char buffer[4096];
    const ssize_t n = recv(number, buffer, sizeof buffer, 0);
    if (n > 0) static_cast<void>(send(number, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL));
    if (n <= 0) clients_.erase(number);
  }

  EpollLoop loop_;
  std::map<int, Client> clients_;
  Listener listener_{loop_, "127.0.0.1", 0, [this](lab::FileDescriptor fd) { accepted(std::move(fd)); }};
  std::thread thread_;
};

struct Bench {
  Echo echo;
  Gate gate{echo.port()};

  bool open(std::uint64_t count) {
    return lab::wait_until(2s, [&] { return gate.counts().open == count; });
  }
  /// A connection that has proven that it works.
  BlockingClient client() const {
    BlockingClient one(gate.port());
    one.say("hello");
    REQUIRE(one.hear(5) == "hello");
    return one;
  }
};

}  // namespace

TEST_CASE("a gate lets everything pass, counts it, and hands on the end of a connection") {
  Bench bench;
  const auto first = bench.client();
  const auto second = bench.client();
  CHECK(bench.gate.counts().accepted == 2);
  CHECK(bench.gate.counts().open == 2);
  CHECK(bench.gate.counts().to_server == 10);
  CHECK(lab::wait_until(2s, [&] { return bench.gate.counts().to_client == 10; }));  // counted after it has left
  first.finish();
  CHECK(first.hear(1) == "(end)");
  CHECK(bench.open(1));
}

TEST_CASE("a megabyte goes through unchanged") {
  Bench bench;
  const auto client = bench.client();
  std::string large;
  for (int i = 0; i < 100000; ++i) large += std::to_string(i) + ' ';
  std::string heard;
  for (std::size_t at = 0; at < large.size(); at += 10000) {
    client.say(large.substr(at, 10000));
    heard += client.hear(std::min<std::size_t>(10000, large.size() - at));
  }
  CHECK(heard == large);
}

TEST_CASE(
    "a gate that drops is a black hole for open connections and for connects, and what lost bytes is reset later") {
  Bench bench;
  const auto client = bench.client();
  const auto idle = bench.client();
  bench.gate.drop();
  client.say("lost");
  const BlockingClient late(bench.gate.port());
  CHECK_FALSE(late.connected(100));
  REQUIRE(lab::wait_until(2s, [&] { return bench.gate.counts().dropped == 4; }));
  CHECK(client.hear(1, 100).empty());
  bench.gate.pass();
  CHECK(client.hear(1) == "(reset)");
  idle.say("alive");
  CHECK(idle.hear(5) == "alive");
}

TEST_CASE("a gate that drops swallows the ends of connections too") {
  Bench bench;
  const auto client = bench.client();
  bench.gate.drop();
  client.finish();
  CHECK(client.hear(1, 100).empty());
  CHECK(bench.gate.counts().open == 1);
}

TEST_CASE("a gate that stalls holds everything back, connects too, and delivers it in the end") {
  Bench bench;
  const auto client = bench.client();
  bench.gate.stall();
  client.say("held");
  const BlockingClient late(bench.gate.port());
  late.say("late");
  CHECK(late.connected(2000));
  CHECK(client.hear(1, 100).empty());
  bench.gate.pass();
  CHECK(client.hear(4) == "held");
  CHECK(late.hear(4) == "late");
}

TEST_CASE("a gate that delays does so both ways and keeps the order") {
  Bench bench;
  const auto client = bench.client();
  bench.gate.delay(100ms);
  const auto before = std::chrono::steady_clock::now();
  client.say("one ");
  client.say("two");
  CHECK(client.hear(7) == "one two");
  CHECK(std::chrono::steady_clock::now() - before >= 200ms);
}

TEST_CASE("a gate spoils what the server says, and nothing else") {
  Bench bench;
  const auto client = bench.client();
  bench.gate.corrupt();
  client.say("+OK");
  CHECK(client.hear(3) == std::string(1, '+' ^ 0x55) + "OK");
  CHECK(bench.gate.counts().corrupted == 1);
  bench.gate.pass();
  client.say("+OK");
  CHECK(client.hear(3) == "+OK");
}

TEST_CASE("a gate that refuses keeps what is open, and lets in again on the same port") {
  Bench bench;
  const auto client = bench.client();
  bench.gate.refuse();
  CHECK(BlockingClient(bench.gate.port()).hear(1) == "(refused)");
  client.say("still");
  CHECK(client.hear(5) == "still");
  bench.gate.pass();
  static_cast<void>(bench.client());
}

TEST_CASE("a gate ends connections in order or with a reset, and goes on") {
  Bench bench;
  const auto first = bench.client();
  bench.gate.close();
  CHECK(first.hear(1) == "(end)");
  const auto second = bench.client();
  bench.gate.reset();
  CHECK(second.hear(1) == "(reset)");
  CHECK(bench.gate.counts().open == 0);
  static_cast<void>(bench.client());
}

TEST_CASE("before a server that does not listen, a gate accepts and resets") {
  const auto nobody = lab::PortLease::take();
  Gate gate(nobody.number());
  const BlockingClient client(gate.port());
  CHECK(client.hear(1) == "(reset)");
}
