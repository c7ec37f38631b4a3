// Node a owns all slots at first, b none: what holds of every call.
#include "database_bench.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

TEST_CASE("a call goes to the owner of its slot and comes back with the reply and who gave it") {
  DatabaseBench bench;
  bench.a.answer(says("GET", "$2\r\nhi\r\n"));
  bench.open_with("a");
  bench.submit({"GET", "k"});
  CHECK(bench.results.empty());  // later than submit() returns
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
  CHECK(bench.results[0].value.text == "hi");
  CHECK(bench.results[0].node == bench.a.endpoint());
  CHECK(bench.b.commands().empty());
}

TEST_CASE("calls made before any topology wait for it") {
  DatabaseBench bench;
  bench.open();
  bench.submit({"SET", "k", "1"});
  settle(bench.loop);
  bench.apply(bench.owned_by("a"));
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
}

TEST_CASE("a full queue refuses at once, and so does a command that cannot share a connection") {
  DatabaseBench bench;
  bench.settings.queue_calls = 2;
  bench.a.answer(silence);
  bench.open_with("a");
  bench.submit({"GET", "1"});
  bench.submit({"GET", "2"});
  bench.submit({"GET", "3"});
  bench.submit({"MULTI"});
  bench.submit({"BLPOP", "k", "0"});
  bench.submit({});
  CHECK(bench.results.empty());
  REQUIRE(bench.until_results(4));
  CHECK(bench.results[0].outcome == Outcome::refused);
  CHECK(bench.results[0].detail == "the queue is full: 2 calls");
  CHECK(bench.results[1].detail == "MULTI would change the connection for all other calls on it");
  CHECK(bench.results[2].detail == "BLPOP would hold up all other calls on its connection");
  CHECK(bench.results[3].detail == "a call needs a command");
}

TEST_CASE("a call without a key goes to any primary that is up") {
  DatabaseBench bench;
  bench.a.answer(says("DBSIZE", ":7\r\n"));
  bench.open_with("a");
  bench.submit({"DBSIZE"});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].value.integer == 7);
}

TEST_CASE("close ends every call, and nothing is called afterwards") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a");
  bench.submit({"SET", "k", "1"});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.commands().size() == 1; }));
  bench.submit({"SET", "k", "2"});
  bench.apply(bench.owned_by("b"));
  bench.database->close();
  REQUIRE(bench.results.size() == 2);
  CHECK(bench.results[0].outcome == Outcome::outcome_unknown);
  CHECK(bench.results[1].outcome == Outcome::cancelled);
  const auto hints = bench.hearing.hints.size();
  settle(bench.loop);
  CHECK(bench.applied.size() == 1);
  CHECK(bench.hearing.hints.size() == hints);
  CHECK(bench.a.clients() == 0);
}

TEST_CASE("a completion may submit, apply and close") {
  DatabaseBench bench;
  bench.open_with("a");
  bench.database->submit(call_of({"SET", "k", "1"}), [&](Result) {
    bench.submit({"SET", "k", "2"});
    bench.apply(bench.owned_by("b"));
  });
  REQUIRE(bench.until_results(1));
  bench.submit({"SET", "k", "3"});
  bench.database->submit(call_of({"GET", "k"}), [&](Result) { bench.database->close(); });
  bench.submit({"SET", "k", "4"});
  REQUIRE(bench.until_results(3));
  CHECK(bench.results[1].ok());
  CHECK(bench.results[2].outcome == Outcome::outcome_unknown);
}
