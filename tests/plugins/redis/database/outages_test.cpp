// Node a owns all slots at first, b none: a is lost, in one way after the other.
#include "database_bench.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// So many elements that decoded they exceed what a reply may take, though on the wire they are few bytes.
std::string many_nils() {
  std::string nils;
  for (std::size_t i = 0; i < (std::size_t{64} << 20) / sizeof(Value) + 2; ++i) nils += "$-1\r\n";
  return nils;
}

}  // namespace

TEST_CASE("after a loss, calls that may be repeated go again, others end as unknown") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a");
  bench.submit({"INCR", "k"});
  bench.submit({"GET", "k"});
  bench.submit({"SET", "k", "1"}, true);
  REQUIRE(run_until(bench.loop, [&] { return bench.a.commands().size() == 3; }));
  bench.a.answer({});
  bench.a.reset_clients();
  REQUIRE(bench.until_results(3));
  CHECK(bench.results[0].outcome == Outcome::outcome_unknown);
  CHECK(bench.results[0].detail.starts_with("the connection to 127.0.0.1:"));
  CHECK(bench.results[1].ok());
  CHECK(bench.results[2].ok());
  CHECK(bench.a.count("INCR") == 1);
}

TEST_CASE("a node that is gone: the detector is told, calls wait for the next topology and go out in their order") {
  DatabaseBench bench;
  bench.open_with("a");
  bench.a.listener().refuse();
  bench.a.reset_clients();
  for (int i = 0; i < 100; ++i) bench.submit({"RPUSH", "k", std::to_string(i)});
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::refused) >= 1; }));
  CHECK(bench.results.empty());
  bench.apply(bench.owned_by("b"));
  bench.submit({"RPUSH", "k", "100"});
  REQUIRE(bench.until_results(101));
  for (std::size_t i = 0; i <= 100; ++i) {
    CHECK(bench.results[i].ok());
    CHECK(bench.b.commands()[i][2] == std::to_string(i));
  }
}

TEST_CASE("a node that comes back is found without a topology") {
  DatabaseBench bench;
  bench.open_with("a");
  bench.a.listener().refuse();
  bench.a.reset_clients();
  bench.submit({"SET", "k", "1"});
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::refused) >= 1; }));
  bench.a.listener().listen();
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
}

TEST_CASE("a connection that ends, in whatever way: a read goes again, what was written once is not written twice") {
  struct Row {
    std::string name;
    Answer last_words;         // in place of a reply
    bool seen_at_once = true;  // before anything more is written
  };
  const auto row = GENERATE(values<Row>({
      {"FIN", closes_after("")},
      {"RST", resets_after("")},
      {"RST in the middle of a reply", resets_after("$10\r\nhalf")},
      {"FIN in the middle of a reply", closes_after("*2\r\n:1\r\n"), false},
      {"no RESP", "HTTP/1.1 400 Bad Request\r\n\r\n"},
      {"RESP3", "%1\r\n+a\r\n+b\r\n"},
      {"a length that is none", "$-7\r\n"},
      {"oversized: promised", "*2147483647\r\n" + many_nils(), false},
  }));
  CAPTURE(row.name);
  DatabaseBench bench;
  bench.open_with("a");
  bench.a.play({{{"INCR"}, std::nullopt}, {{"GET"}, row.last_words}});
  const auto written = bench.submit({"INCR", "k"});
  const auto read = bench.submit({"GET", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.commands().size() == 2; }));
  // Calls are written by a timer, and descriptors come before timers.
  const auto unwritten = row.seen_at_once ? bench.submit({"INCR", "other"}) : read;
  const auto& unknown = bench.result_of(written);
  CHECK(unknown.outcome == Outcome::outcome_unknown);
  CHECK(unknown.detail == "the connection to " + bench.a.endpoint().text() + " was lost before the answer came");
  CHECK(bench.result_of(read).ok());
  CHECK(bench.result_of(unwritten).ok());
  CHECK(bench.sent(bench.a, {"INCR", "k"}) == 1);
  CHECK(bench.sent(bench.a, {"INCR", "other"}) == (row.seen_at_once ? 1 : 0));
  CHECK(bench.a.count("GET") == 2);
  CHECK(bench.a.surprises().empty());
  CHECK(bench.hearing.count(HintKind::connection_lost) >= 1);  // it had lived for less than a second
  CHECK(bench.b.commands().empty());                           // the route is as before
}

TEST_CASE("an unsafe call that may be repeated is, and one that says nothing is not") {
  DatabaseBench bench;
  bench.open_with("a");
  bench.a.play({{{"SET", "k", "1"}, std::nullopt}, {{"SET", "k", "2"}, resets_after("")}});
  const auto plain = bench.submit({"SET", "k", "1"});
  const auto repeatable = bench.submit({"SET", "k", "2"}, true);
  CHECK(bench.result_of(plain).outcome == Outcome::outcome_unknown);
  CHECK(bench.result_of(repeatable).ok());
  CHECK(bench.sent(bench.a, {"SET", "k", "1"}) == 1);
  CHECK(bench.sent(bench.a, {"SET", "k", "2"}) == 2);
}

TEST_CASE("the first loss of a connection that has stood is mended without a word, the failure to mend it is a hint") {
  DatabaseBench bench;
  bench.open_with("a");
  run_for(bench.loop, 1100ms);
  CHECK(bench.result_of(bench.submit({"GET", "k"})).ok());
  bench.a.reset(bench.asked_on(bench.a, "GET"));  // that of pub/sub has a rule of its own
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).ok());
  CHECK(bench.hearing.nothing_but_silence());
  run_for(bench.loop, 1100ms);
  bench.a.listener().refuse();
  bench.a.reset_clients();
  const auto waits = bench.submit({"INCR", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::refused) == 1; }));
  CHECK_FALSE(bench.ended(waits));
  bench.a.listener().listen();
  CHECK(bench.result_of(waits).ok());
}

TEST_CASE("connects that are refused, or vanish: calls wait within their deadlines, and none has had an effect") {
  const bool vanish = GENERATE(false, true);
  CAPTURE(vanish);
  DatabaseBench bench;
  bench.open_with("a");
  const auto end_listening = [&] { vanish ? bench.a.listener().swallow() : bench.a.listener().refuse(); };
  end_listening();
  bench.a.reset_clients();
  const auto patient = bench.submit({"INCR", "k"});
  // The detector is told before any deadline passes.
  REQUIRE(
      run_until(bench.loop, [&] { return bench.hearing.count(vanish ? HintKind::silent : HintKind::refused) >= 1; }));
  const auto read = bench.submit({"GET", "k"}, false, 200ms);
  const auto unsafe = bench.submit({"INCR", "k"}, false, 200ms);
  CHECK(bench.result_of(read).outcome == Outcome::timeout);
  CHECK(bench.result_of(unsafe).outcome == Outcome::timeout);
  CHECK_FALSE(bench.ended(patient));
  bench.a.listener().listen();
  CHECK(bench.result_of(patient).ok());
  CHECK(bench.a.count("INCR") == 1);
}

TEST_CASE("a reply that nobody asked for ends the connection, and the calls after it get their own replies") {
  DatabaseBench bench;
  bench.a.answer(says("GET", "$4\r\nmine\r\n"));
  bench.open_with("a");
  REQUIRE(bench.result_of(bench.submit({"GET", "k"})).value.text == "mine");
  const auto connection = bench.asked_on(bench.a, "GET");
  bench.a.say(connection, "$5\r\nother\r\n");
  REQUIRE(run_until(bench.loop, [&] { return bench.log.contains("reason=protocol"); }));
  const auto call = bench.submit({"GET", "k"});
  CHECK(bench.result_of(call).value.text == "mine");
  CHECK(bench.asked_on(bench.a, "GET") != connection);
}

TEST_CASE("a reply too many behind a reply ends the connection too") {
  DatabaseBench bench;
  bench.open_with("a");
  bench.a.play({{{"GET"}, "$4\r\nmine\r\n+OK\r\n"}});
  CHECK(bench.result_of(bench.submit({"GET", "k"})).value.text == "mine");
  CHECK(run_until(bench.loop, [&] { return bench.log.contains("reason=protocol"); }));
  CHECK(bench.result_of(bench.submit({"GET", "k"})).ok());
}

TEST_CASE("a reply that comes before its command has left is nobody's") {
  DatabaseBench bench;
  bench.a.answer(says("GET", "$4\r\nmine\r\n"));
  bench.open_with("a");
  REQUIRE(bench.result_of(bench.submit({"GET", "k"})).value.text == "mine");
  bench.a.say(bench.asked_on(bench.a, "GET"), "$5\r\nother\r\n");
  CHECK(bench.result_of(bench.submit({"GET", "k"})).value.text == "mine");
}
