#include "bench.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("calls go to the owners of their keys", "[sanitize]") {
  Bench b;
  for (int i = 0; i < 30; ++i) {
    const auto key = "k" + std::to_string(i);
    CHECK(b.call({"SET", key, "v"}).ok());
    const Result result = b.call({"GET", key});
    CHECK(result.value.text == "v");
    CHECK(result.node == b.in_cluster([&](memory::Cluster& c) { return c.endpoint(*c.owner(c.partition_of(key))); }));
  }
}

TEST_CASE("a call without a key goes to any primary, and before the first topology it waits for one") {
  Bench b(Bench::Bare{});
  b.open();
  b.submit({"PING"});
  b.pass(50ms);
  CHECK(b.results.empty());
  b.apply();
  REQUIRE(b.until_results(1));
  CHECK(b.results[0].value.text == "PONG");
}

TEST_CASE("MOVED sends a call on at once, and others after it go there straight away", "[sanitize]") {
  Bench b;
  b.in_cluster([](memory::Cluster& c) { c.move(range(0, 99), 0, 1); });
  const Result first = b.call({"SET", b.key(), "v"});
  CHECK(first.ok());
  CHECK(first.node == b.endpoint(1));
  CHECK(b.hearing.hinted(HintKind::redirected));
  CHECK(b.until([&] { return b.in_cluster([](memory::Cluster& c) { return c.agreed(); }); }));
  b.kill(0);  // whoever was still sent there would be lost
  CHECK(b.call({"SET", b.key(), "w"}, 300ms).ok());
}

TEST_CASE("CLUSTERDOWN is tried again until the node serves") {
  Bench b;
  b.in_cluster([](memory::Cluster& c) { c.restart_in_place(0, 1ms); });
  REQUIRE(b.until(
      [&] { return b.in_cluster([](memory::Cluster& c) { return c.state(0) == memory::NodeState::running; }); }));
  b.pass(20ms);
  CHECK(b.call({"SET", b.key(), "v"}).ok());  // it refuses for 2 s after its start
  CHECK(b.hearing.hinted(HintKind::unavailable));
}

TEST_CASE("a written call whose node dies is repeated if it may be, else its outcome is unknown", "[sanitize]") {
  Bench b;
  b.in_cluster([](memory::Cluster& c) { c.stop(0); });
  b.submit({"INCR", b.key()});
  b.submit({"GET", b.key()});
  b.submit({"SET", b.key(), "v"}, {}, true);
  b.pass(50ms);
  CHECK(b.results.empty());
  b.kill(0);
  REQUIRE(b.until_results(1));
  CHECK(b.results[0].outcome == Outcome::outcome_unknown);
  CHECK(b.results[0].detail == "the connection to " + b.endpoint(0).text() + " was lost before the answer came");
  REQUIRE(b.until([&] { return b.hearing.hinted(HintKind::refused); }));
  REQUIRE(b.until([&] { return b.promoted(3); }));
  b.apply();
  REQUIRE(b.until_results(3));
  CHECK(b.results[1].value.kind == Value::Kind::nil);
  CHECK(b.results[2].ok());
}

TEST_CASE("a call that waits for its owner was not written: it is sent after the failover, or times out") {
  Bench b;
  b.kill(0);
  REQUIRE(b.until([&] { return b.hearing.hinted(HintKind::refused); }));
  b.submit({"INCR", b.key()}, 100ms);
  b.submit({"INCR", b.key()});
  REQUIRE(b.until_results(1));
  CHECK(b.results[0].outcome == Outcome::timeout);
  CHECK(b.results[0].detail == "no answer within 100 ms from " + b.endpoint(0).text());
  REQUIRE(b.until([&] { return b.promoted(3); }));
  b.apply();
  REQUIRE(b.until_results(2));
  CHECK(b.results[1].value.integer == 1);
}

TEST_CASE("a call to a stopped node ends by its deadline, with an unknown outcome") {
  Bench b;
  b.in_cluster([](memory::Cluster& c) { c.stop(0); });
  const auto before = std::chrono::steady_clock::now();
  const Result result = b.call({"SET", b.key(), "v"}, 150ms);
  CHECK(result.outcome == Outcome::outcome_unknown);
  CHECK(std::chrono::steady_clock::now() - before < 400ms);
  CHECK(b.until([&] { return b.hearing.hinted(HintKind::silent); }));
}

TEST_CASE(
    "a late success of an old owner is worth nothing if the change may have lost writes, and stands after a reshard",
    "[sanitize]") {
  for (const bool may_lose : {true, false}) {
    Bench b;
    b.in_cluster([](memory::Cluster& c) { c.stop(0); });
    b.submit({"INCR", b.key()});
    REQUIRE(b.until([&] { return b.promoted(3); }));
    b.apply(may_lose ? set_of({range(0, 99)}) : PartitionSet{});
    b.pass(50ms);
    REQUIRE(b.results.empty());
    b.in_cluster([](memory::Cluster& c) { c.resume(0); });
    REQUIRE(b.until_results(1));
    CHECK(b.results[0].outcome == (may_lose ? Outcome::outcome_unknown : Outcome::ok));
    CHECK(b.results[0].value.integer == 1);
  }
}

TEST_CASE("a full queue and a call without a command are refused") {
  Bench b;
  b.settings.queue_calls = 2;
  b.open();
  b.submit({"GET", "a"});
  b.submit({"GET", "b"});
  const Result full = b.call({"GET", "c"});
  CHECK(full.outcome == Outcome::refused);
  CHECK(full.detail == "the queue is full: 2 calls (queue_calls) have not ended");
  b.open();
  CHECK(b.call({}).detail == "a call needs a command");
  b.settings.queue_bytes = 5;
  b.open();
  CHECK(b.call({"GET", "long"}).detail == "the queue is full: its calls would have more than 5 bytes (queue_bytes)");
}

TEST_CASE("close ends every call: cancelled, or of unknown outcome if it was written, and nothing is told afterwards",
          "[sanitize]") {
  Bench b;
  b.kill(0);
  REQUIRE(b.until([&] { return b.hearing.hinted(HintKind::refused); }));
  b.submit({"SET", b.key(), "v"});  // waits
  b.in_cluster([](memory::Cluster& c) { c.stop(1); });
  b.submit({"SET", b.key_of(1), "v"});  // written
  b.submit({});
  CHECK(b.results.empty());
  b.database->close();
  REQUIRE(b.results.size() == 3);
  CHECK(b.results[0].outcome == Outcome::cancelled);
  CHECK(b.results[1].outcome == Outcome::outcome_unknown);
  CHECK(b.results[2].outcome == Outcome::refused);
  const auto hints = b.hearing.hints.size();
  b.in_cluster([](memory::Cluster& c) { c.resume(1); });
  b.kill(1);
  b.pass(200ms);
  CHECK(b.results.size() == 3);
  CHECK(b.hearing.hints.size() == hints);
  b.submit({"PING"});
  CHECK(b.results.back().outcome == Outcome::cancelled);
}

TEST_CASE("a completion may close the database, and others it ends may submit") {
  Bench b;
  int closed_later = 0;
  b.database->submit({"", {"PING"}, false, {}}, [&](Result) { b.database->close(); });
  b.database->submit({b.key(), {"GET", b.key()}, false, 5s}, [&](Result) {
    ++closed_later;
    b.submit({"PING"});
  });
  CHECK(b.until([&] { return closed_later == 1 && !b.results.empty(); }));
}

TEST_CASE("calls for one key take effect in the order of their submission, across a failover") {
  Bench b;
  for (int i = 0; i < 20; ++i) b.submit({"SET", b.key(), std::to_string(i)}, {}, true);
  b.kill(0);
  for (int i = 20; i < 40; ++i) b.submit({"SET", b.key(), std::to_string(i)}, {}, true);
  REQUIRE(b.until([&] { return b.promoted(3); }));
  b.apply();
  REQUIRE(b.until_results(40));
  CHECK(b.call({"GET", b.key()}).value.text == "39");
}
