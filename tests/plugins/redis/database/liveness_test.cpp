// Node a owns all slots, b is its replica: what silence leads to, and what is made ready for a failover.
#include "database_bench.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

TEST_CASE("a node that owes an answer for probe_timeout is suspect, and its connection and calls stay") {
  DatabaseBench bench;
  bench.settings.probe_timeout = 100ms;
  bench.a.answer(silence);
  bench.open_with("a");
  const TimePoint asked = bench.loop.now();
  bench.submit({"GET", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::silent) >= 1; }));
  CHECK(bench.loop.now() - asked >= 100ms);
  CHECK(bench.loop.now() - asked < 700ms);  // an idle connection would have been asked after a second only
  CHECK(bench.results.empty());
  CHECK(bench.a.accepted() == 2);  // with that for pub/sub, if the hash picked it; else that of b
  bench.a.say("+late\r\n");
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].value.text == "late");
}

TEST_CASE("a node that answers each call slowly, but answers, is not suspect") {
  DatabaseBench bench;
  bench.settings.probe_timeout = 1s;
  bench.open_with("a");
  bench.hearing.hints.clear();
  bench.a.answer(silence);
  bench.submit({"GET", "k"});
  bench.submit({"GET", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.count("GET") == 2; }));
  run_for(bench.loop, 600ms);
  bench.a.say("+1\r\n");
  run_for(bench.loop, 600ms);  // 1.2 s after it was asked, but it has spoken since
  bench.a.say("+2\r\n");
  REQUIRE(bench.until_results(2));
  CHECK(bench.hearing.count(HintKind::silent) == 0);
}

TEST_CASE("when a primary falls silent a connection to its replica is made ready") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a", Role::replica);
  settle(bench.loop);
  const std::size_t before = bench.b.accepted();
  bench.submit({"GET", "k"}, false, 4s);
  CHECK(run_until(bench.loop, [&] { return bench.b.accepted() == before + 1; }));
  CHECK(bench.results.empty());
}

TEST_CASE("a suspicion heard of makes a connection to the replica ready, and it goes when the suspicion is over") {
  DatabaseBench bench;
  bench.open_with("a", Role::replica);
  settle(bench.loop);
  const std::size_t before = bench.b.clients();
  bench.database->prepare_failover({NodeId{"a"}, NodeId{"nobody"}, NodeId{}});
  REQUIRE(run_until(bench.loop, [&] { return bench.b.clients() == before + 1; }));
  CHECK(run_until(
      bench.loop, [&] { return bench.b.clients() == before; }, 10s));
}

TEST_CASE("nothing is made ready after close()") {
  DatabaseBench bench;
  bench.open_with("a", Role::replica);
  settle(bench.loop);
  bench.database->prepare_failover({NodeId{"a"}});
  bench.database->close();
  bench.database->prepare_failover({NodeId{"a"}});
  const std::size_t before = bench.b.accepted();
  run_for(bench.loop, 1100ms);
  CHECK(bench.b.accepted() == before);
}
