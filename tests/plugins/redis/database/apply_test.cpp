// Node a owns all slots at first, then a topology gives them to b.
#include "database_bench.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

TEST_CASE("at a failover, calls for the old owner that may be repeated move, unsafe ones stay for their reply") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a", Role::replica);
  bench.submit({"INCR", "k"});
  bench.submit({"GET", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.commands().size() == 2; }));
  bench.apply(bench.owned_by("b", Role::replica), all_slots());
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].node == bench.b.endpoint());  // the GET
  CHECK(bench.b.count("INCR") == 0);
  SECTION("MOVED: it was not carried out, so it goes on") {
    bench.a.say(moved_to(bench.b, "k"));
    REQUIRE(bench.until_results(2));
    CHECK(bench.results[1].ok());
    CHECK(bench.results[1].node == bench.b.endpoint());
  }
  SECTION("success: the write may be gone with the old owner") {
    bench.a.say(":1\r\n");
    REQUIRE(bench.until_results(2));
    CHECK(bench.results[1].outcome == Outcome::outcome_unknown);
  }
}

TEST_CASE("after a reshard a late success of the old owner stands") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a");
  bench.submit({"INCR", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.commands().size() == 1; }));
  bench.apply(bench.owned_by("b"));
  bench.a.say(":1\r\n");
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
  CHECK(bench.results[0].node == bench.a.endpoint());
}

TEST_CASE("a drained connection closes when its last call has ended, not before") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a");
  bench.submit({"INCR", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.commands().size() == 1; }));
  const auto subscribers = [](const ScriptedRedis& node) { return node.clients(); };
  const std::size_t before = subscribers(bench.a);
  bench.apply(bench.owned_by("b"));
  run_for(bench.loop, 1200ms);
  CHECK(subscribers(bench.a) == before);
  bench.a.say(":1\r\n");
  REQUIRE(bench.until_results(1));
  CHECK(run_until(bench.loop, [&] { return subscribers(bench.a) == before - 1; }));
}

TEST_CASE("apply is done when every primary has answered, not when it is connected") {
  DatabaseBench bench;
  bench.a.answer([](const auto&) { return std::nullopt; });
  bench.open();
  bench.apply(bench.owned_by("a"));
  REQUIRE(run_until(bench.loop, [&] { return bench.a.clients() >= 1; }));
  run_for(bench.loop, 100ms);
  CHECK(bench.applied.empty());
  REQUIRE(run_until(bench.loop, [&] { return bench.applied.size() == 1; }));
  CHECK_FALSE(bench.applied[0].complete);
  CHECK(bench.applied[0].missing == std::vector<NodeId>{{"a"}});
}

TEST_CASE("a primary that is loading has not answered yet") {
  DatabaseBench bench;
  int loading = 4;
  bench.a.answer([&](const auto& args) {
    return args[0] == "PING" && loading-- > 0 ? "-LOADING Redis is loading\r\n" : std::string();
  });
  bench.open();
  bench.apply(bench.owned_by("a"));
  REQUIRE(run_until(bench.loop, [&] { return bench.applied.size() == 1; }));
  CHECK(bench.applied[0].complete);
  CHECK(loading <= 0);
}

TEST_CASE("an apply that a newer one replaces is reported as incomplete") {
  DatabaseBench bench;
  bench.a.answer([](const auto&) { return std::nullopt; });
  bench.open();
  bench.apply(bench.owned_by("a"));
  bench.apply(bench.owned_by("b"));
  CHECK(bench.applied.empty());
  REQUIRE(run_until(bench.loop, [&] { return bench.applied.size() == 2; }));
  CHECK_FALSE(bench.applied[0].complete);
  CHECK(bench.applied[1].complete);
}
