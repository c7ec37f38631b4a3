// The scripted node itself, seen from outside: what tests of failures rest on must do what they believe.
#include "support/scripted_redis.hpp"

#include <functional>

#include "blocking_client.hpp"
#include "loop/epoll_loop.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// Commands as a person types them are no RESP: these are.
std::string get(const std::string& key) {
  return "*2\r\n$3\r\nGET\r\n" + bulk(key);
}

struct Bench {
  EpollLoop loop;
  ScriptedRedis node{loop};

  void serve(Duration time = 30ms) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) loop.turn(1ms);
  }
  std::string heard(const BlockingClient& client, Duration time = 30ms) {
    serve(time);
    return client.hear(1000, 0);
  }
  BlockingClient client() const { return BlockingClient(node.endpoint().port); }
};

}  // namespace

TEST_CASE("answers come in the order of the commands, also behind one that is delayed") {
  Bench bench;
  bench.node.answer(
      [](const auto& args) { return args[1] == "slow" ? delayed(100ms, "+slow\r\n") : Answer("+fast\r\n"); });
  const auto client = bench.client();
  client.say(get("slow") + get("k"));
  CHECK(bench.heard(client).empty());
  CHECK(bench.heard(client, 200ms) == "+slow\r\n+fast\r\n");
}

TEST_CASE("an answer may end the connection, in order or in the middle of a reply") {
  Bench bench;
  const auto ended_by = [&](Answer answer) {
    bench.node.answer(says("GET", std::move(answer)));
    const auto client = bench.client();
    client.say(get("k"));
    return bench.heard(client);
  };
  CHECK(ended_by(closes_after("+bye\r\n")) == "+bye\r\n(end)");
  CHECK(ended_by(resets_after("")) == "(reset)");
  CHECK(ended_by(resets_after("$10\r\nhalf")) == "$10\r\nhalf(reset)");
  CHECK(bench.node.clients() == 0);
}

TEST_CASE("a play is for one connection, line by line, and a surprise is noted and resets it") {
  Bench bench;
  bench.node.play({{{"GET", "1"}, "+one\r\n"}, {{"GET", "2"}, "+two\r\n"}});
  const auto first = bench.client();
  const auto second = bench.client();
  first.say(get("1"));
  CHECK(bench.heard(first) == "+one\r\n");
  second.say(get("9"));
  CHECK(bench.heard(second) == "+OK\r\n");
  CHECK(bench.node.surprises().empty());
  first.say(get("3"));
  CHECK(bench.heard(first) == "(reset)");
  CHECK(bench.node.surprises() == std::vector<std::string>{"expected GET 2, found GET 3"});
  CHECK(bench.node.count("GET") == 3);
  CHECK(bench.node.count("GET", 1) == 1);
}

TEST_CASE("a stalled node takes bytes and looks at them later, on new connections too") {
  Bench bench;
  const auto before = bench.client();
  bench.serve();
  bench.node.stall();
  const auto after = bench.client();
  before.say(get("k"));
  after.say(get("k"));
  CHECK(bench.heard(before).empty());
  CHECK(bench.heard(after).empty());
  bench.node.go_on();
  CHECK(bench.heard(before) == "+OK\r\n");
  CHECK(bench.heard(after) == "+OK\r\n");
}

TEST_CASE("connects are refused, or vanish, or are answered and ended, until the node listens again") {
  Bench bench;
  const auto port = bench.node.endpoint().port;
  bench.node.listener().refuse();
  CHECK(BlockingClient(port).hear(1) == "(refused)");
  bench.node.listener().swallow();
  CHECK_FALSE(BlockingClient(port).connected(100));
  bench.node.listener().listen();
  bench.node.refuse_with("-ERR max number of clients reached\r\n");
  const auto refused = bench.client();
  CHECK(bench.heard(refused) == "-ERR max number of clients reached\r\n(end)");
  bench.node.refuse_with("");
  const auto client = bench.client();
  client.say(get("k"));
  CHECK(bench.heard(client) == "+OK\r\n");
}

TEST_CASE("an answer larger than the socket's buffer arrives whole") {
  Bench bench;
  const std::string large(8 << 20, 'x');
  bench.node.answer(says("GET", bulk(large)));
  const auto client = bench.client();
  client.say(get("k"));
  std::string heard;
  for (int turn = 0; turn < 5000 && heard.size() < large.size(); ++turn) heard += bench.heard(client, 1ms);
  CHECK(heard == bulk(large));
}
