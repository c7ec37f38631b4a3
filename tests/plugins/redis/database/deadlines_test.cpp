// Node a owns all slots at first, b none: a says nothing.
#include "database_bench.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

TEST_CASE("no call outlives its deadline: written is unknown, not written is a timeout without effect") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a");
  bench.submit({"SET", "k", "1"}, false, 50ms);
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::outcome_unknown);
  CHECK(bench.hearing.count(HintKind::silent) == 1);

  bench.a.listener().refuse();
  bench.a.reset_clients();
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::refused) >= 1; }));
  const auto before = std::chrono::steady_clock::now();
  bench.submit({"SET", "k", "2"}, false, 50ms);
  REQUIRE(bench.until_results(2));
  CHECK(std::chrono::steady_clock::now() - before < 5s);
  CHECK(bench.results[1].outcome == Outcome::timeout);
  CHECK(bench.results[1].detail == "no answer within 50 ms from " + bench.a.endpoint().text());
}

TEST_CASE("a late reply to a call that has ended is nobody's") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a");
  bench.submit({"GET", "k"}, false, 30ms);
  REQUIRE(bench.until_results(1));
  bench.a.answer(says("GET", "$3\r\nnew\r\n"));
  bench.submit({"GET", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.count("GET") == 2; }));
  bench.a.say("$3\r\nodd\r\n");  // one reply too many would end the connection; here it answers the second call
  REQUIRE(bench.until_results(2));
  CHECK(bench.results[1].value.text == "odd");
}

TEST_CASE("an idle node that stops answering is a hint, and no reason to close") {
  DatabaseBench bench;
  bench.open_with("a");
  const auto connection_of_set = [&] {
    bench.result_of(bench.submit({"SET", "k", "1"}));
    return bench.asked_on(bench.a, "SET");
  };
  const auto before = connection_of_set();
  bench.a.answer([](const auto& args) -> std::optional<std::string> {
    return args[0] == "PING" ? std::nullopt : std::optional<std::string>("");
  });
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::silent) >= 1; }));
  bench.a.say(before, "+PONG\r\n");
  CHECK(connection_of_set() == before);  // that for pub/sub may have moved
}

TEST_CASE(
    "a node that stops in the middle: written calls are unknown at their deadline, unwritten ones have had no effect") {
  DatabaseBench bench;
  bench.open_with("a");
  bench.a.stall();
  const auto written = bench.submit({"INCR", "k"}, false, 300ms);
  settle(bench.loop);
  const auto large = bench.submit({"SET", "k", std::string(8 << 20, 'x')}, false, 300ms);  // more than the kernel takes
  const auto behind = bench.submit({"INCR", "k"}, false, 300ms);
  const auto read_behind = bench.submit({"GET", "k"}, false, 300ms);
  const auto patient = bench.submit({"INCR", "other"});
  CHECK(bench.result_of(written).outcome == Outcome::outcome_unknown);
  CHECK(bench.result_of(large).outcome == Outcome::outcome_unknown);
  CHECK(bench.result_of(behind).outcome == Outcome::timeout);
  CHECK(bench.result_of(read_behind).outcome == Outcome::timeout);
  CHECK(bench.hearing.count(HintKind::silent) >= 1);
  CHECK_FALSE(bench.ended(patient));

  bench.a.go_on();  // silence was no reason to close
  CHECK(bench.result_of(patient).ok());
  CHECK(bench.sent(bench.a, {"INCR", "k"}) == 1);  // taken back, so it never comes
  CHECK(bench.a.count("GET") == 0);
}

TEST_CASE("replies that come after the deadlines of their calls are nobody's, and the next reply finds its call") {
  DatabaseBench bench;
  bench.a.answer([](const auto& args) { return args[0] == "GET" ? bulk(args[1]) : std::string(); });
  bench.open_with("a");
  bench.a.stall();
  std::vector<std::size_t> calls;
  for (int i = 0; i < 10; ++i) calls.push_back(bench.submit({"GET", std::to_string(i)}, false, 50ms));
  for (const auto call : calls) CHECK_FALSE(bench.result_of(call).ok());
  bench.a.go_on();
  CHECK(bench.result_of(bench.submit({"GET", "mine"})).value.text == "mine");
}

TEST_CASE("a late answer is an answer") {
  DatabaseBench bench;
  bench.a.answer(says("INCR", delayed(300ms, ":1\r\n")));
  bench.open_with("a");
  const auto slow = bench.submit({"INCR", "k"}, false, 2s);
  CHECK(bench.result_of(slow).value.integer == 1);
  CHECK(bench.a.count("INCR") == 1);
}

TEST_CASE("another node's calls do not wait for the one that is silent") {
  DatabaseBench bench;
  bench.open();
  auto topology = std::make_shared<Topology>(*bench.owned_by("a"));
  topology->claims.set({redis::slot_of("k"), redis::slot_of("k")}, {{9}, 0, {"b"}});
  bench.apply(topology);
  REQUIRE(run_until(bench.loop, [&] { return bench.applied.size() == 1; }));
  bench.b.stall();
  const auto silent = bench.submit({"GET", "k"});
  for (int i = 0; i < 100; ++i) CHECK(bench.result_of(bench.submit({"INCR", "other"})).ok());
  CHECK_FALSE(bench.ended(silent));
}
