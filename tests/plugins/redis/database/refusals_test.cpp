// Node a owns all slots at first, b none: a answers, but does not do what it is asked.
#include "database_bench.hpp"
#include "support/catch.hpp"
#include "support/cluster_model.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

TEST_CASE("TRYAGAIN, LOADING, MASTERDOWN and CLUSTERDOWN come again after a pause") {
  for (const std::string error : {"TRYAGAIN", "LOADING", "MASTERDOWN", "CLUSTERDOWN"}) {
    DatabaseBench bench;
    int refusals = 3;
    bench.a.answer([&](const auto& args) {
      return args[0] == "INCR" && refusals-- > 0 ? "-" + error + " not now\r\n" : std::string();
    });
    bench.open_with("a");
    bench.submit({"INCR", "k"});
    REQUIRE(bench.until_results(1));
    CHECK(bench.results[0].ok());
    CHECK(bench.a.count("INCR") == 4);
    CHECK(bench.hearing.count(HintKind::unavailable) == (error == "TRYAGAIN" ? 0 : 1));
  }
}

TEST_CASE("READONLY makes the call wait for the route, and tells the detector") {
  DatabaseBench bench;
  bench.a.answer(says("SET", "-READONLY You can't write against a read only replica.\r\n"));
  bench.open_with("a");
  bench.submit({"SET", "k", "1"});
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::read_only) == 1; }));
  bench.apply(bench.owned_by("b"));
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].node == bench.b.endpoint());
}

TEST_CASE("other errors are the caller's") {
  DatabaseBench bench;
  bench.a.answer(says("SET", "-NOPERM no\r\n"));
  bench.open_with("a");
  bench.submit({"SET", "k", "1"});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::error_reply);
  CHECK(bench.results[0].value.text == "NOPERM no");
  CHECK(bench.hearing.nothing_but_silence());
}

TEST_CASE("a node that does not let us in fails its calls with what it said, and never with the password") {
  DatabaseBench bench;
  bench.a.answer(says("AUTH", "-WRONGPASS invalid username-password pair\r\n"));
  redis::CredentialsFile login({"app", "hunter2"});
  bench.access.credentials = &login;
  bench.open();
  bench.apply(bench.owned_by("a"));
  bench.submit({"SET", "k", "1"});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::error_reply);
  CHECK(bench.results[0].detail == "the node does not let us in: WRONGPASS invalid username-password pair");
  CHECK_FALSE(bench.log.contains("hunter2"));
  CHECK(bench.log.contains("reason=auth"));
}

TEST_CASE("a node without room is tried again with pauses") {
  DatabaseBench bench;
  bench.a.refuse_with("-ERR max number of clients reached\r\n");
  bench.open();
  bench.apply(bench.owned_by("a"));
  bench.submit({"SET", "k", "1"});
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::refused) >= 1; }));
  CHECK(bench.log.contains("reason=no_room"));
  bench.a.refuse_with("");
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
}

TEST_CASE("a node that does not serve for a while is asked with pauses, for safe and unsafe calls alike") {
  struct Row {
    ClusterModel::State state;
    HintKind hint;
  };
  const auto row = GENERATE(values<Row>({{ClusterModel::State::cluster_down, HintKind::unavailable},
                                         {ClusterModel::State::loading, HintKind::unavailable},
                                         {ClusterModel::State::master_down, HintKind::unavailable},
                                         {ClusterModel::State::read_only, HintKind::read_only}}));
  DatabaseBench bench;
  ClusterModel model;
  model.add("a", bench.a.endpoint());
  model.take({{0}, {16383}}, "a");
  bench.a.answer(model.node("a"));
  bench.open_with("a");
  CAPTURE(model.node("a")({"GET", "k"}).bytes.value());
  model.member("a").state = row.state;
  const auto read = bench.submit({"GET", "k"});
  const auto unsafe = bench.submit({"INCR", "k"});
  run_for(bench.loop, 750ms);
  CHECK_FALSE(bench.ended(read));
  CHECK_FALSE(bench.ended(unsafe));
  CHECK(bench.a.count("INCR") >= 2);
  CHECK(bench.a.count("INCR") <= 10);
  const auto hints = bench.hearing.count(row.hint);
  REQUIRE(hints >= 2);  // again and again, at most each 100 ms
  CHECK(hints <= 8);
  CHECK(bench.hearing.hints.size() == hints);
  CHECK(bench.hearing.hints[0].node == NodeId{"a"});
  model.member("a").state = ClusterModel::State::serving;
  CHECK(bench.result_of(read).ok());
  CHECK(bench.result_of(unsafe).ok());
  CHECK(bench.result_of(unsafe).node == bench.a.endpoint());
  CHECK(bench.b.commands().empty());
}

TEST_CASE("a call that is refused until its deadline had no effect") {
  const std::string error = GENERATE("TRYAGAIN x", "CLUSTERDOWN x", "LOADING x", "MASTERDOWN x", "READONLY x",
                                     "ERR max number of clients reached");
  CAPTURE(error);
  DatabaseBench bench;
  bench.a.answer([&](const auto& args) { return args[0] == "PING" ? std::string() : '-' + error + "\r\n"; });
  bench.open_with("a");
  const auto unsafe = bench.submit({"INCR", "k"}, false, 700ms);  // by then it pauses most of the time
  const auto read = bench.submit({"GET", "k"}, false, 700ms);
  CHECK(bench.result_of(unsafe).outcome == Outcome::timeout);
  CHECK(bench.result_of(read).outcome == Outcome::timeout);
}

TEST_CASE("a demoted primary: its slot waits for the next topology, the others go on") {
  DatabaseBench bench;
  bench.a.answer([](const auto& args) {
    return args[0] == "INCR" && args[1] == "k"
               ? std::string("-READONLY You can't write against a read only replica.\r\n")
               : std::string();
  });
  bench.open_with("a", Role::replica);
  const auto waits = bench.submit({"INCR", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::read_only) == 1; }));
  CHECK(bench.hearing.hints[0].partition == redis::slot_of("k"));
  CHECK(bench.result_of(bench.submit({"INCR", "other"})).node == bench.a.endpoint());
  CHECK_FALSE(bench.ended(waits));
  bench.apply(bench.owned_by("b", Role::replica), all_slots());
  CHECK(bench.result_of(waits).node == bench.b.endpoint());
  CHECK(bench.b.count("INCR") == 1);
}

TEST_CASE("what concerns the caller alone goes back to it as it is, at once, and changes nothing") {
  const std::string error =
      GENERATE("NOAUTH Authentication required.", "WRONGPASS invalid username-password pair or user is disabled.",
               "NOPERM this user has no permissions to run the 'incr' command", "OOM command not allowed",
               "CROSSSLOT Keys in request don't hash to the same slot", "WRONGTYPE Operation against a key",
               "ERR value is not an integer", "MOVEDX 12706 127.0.0.1:1", "ASKING 12706 127.0.0.1:1",
               "ERR max number of clientsX", "");
  CAPTURE(error);
  DatabaseBench bench;
  bench.a.answer(
      [&](const auto& args) { return args[0] == "GET" || args[0] == "INCR" ? '-' + error + "\r\n" : std::string(); });
  bench.open_with("a");
  const auto accepted = bench.a.accepted();
  for (const auto call : {bench.submit({"GET", "k"}), bench.submit({"INCR", "k"}), bench.submit({"INCR", "k"}, true)}) {
    const auto& result = bench.result_of(call);
    CHECK(result.outcome == Outcome::error_reply);
    CHECK(result.value.text == error);
    CHECK(result.node == bench.a.endpoint());
  }
  CHECK(bench.a.commands().size() == 3);
  CHECK(bench.result_of(bench.submit({"SET", "k", "1"})).ok());
  CHECK(bench.a.accepted() == accepted);
  CHECK(bench.hearing.nothing_but_silence());
}

TEST_CASE("a node that has no room says so to a call too: it was not carried out, and goes again") {
  DatabaseBench bench;
  int refusals = 2;
  bench.a.answer([&](const auto& args) {
    return args[0] == "INCR" && refusals-- > 0 ? "-ERR max number of clients reached\r\n" : std::string();
  });
  bench.open_with("a");
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).ok());
  CHECK(bench.a.count("INCR") == 3);
  CHECK(bench.hearing.count(HintKind::refused) >= 1);
}

TEST_CASE("a node that is full when its connection is lost: what was written is unknown, what was not goes out later") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a");
  const auto written = bench.submit({"INCR", "k"});
  const auto read = bench.submit({"GET", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.commands().size() == 2; }));
  bench.a.refuse_with("-ERR max number of clients reached\r\n");
  bench.a.answer({});
  bench.a.reset_clients();
  const auto unwritten = bench.submit({"INCR", "k"});
  CHECK(bench.result_of(written).outcome == Outcome::outcome_unknown);
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::refused) >= 1; }));
  CHECK(bench.log.contains("reason=no_room"));
  CHECK_FALSE(bench.ended(read));
  bench.a.refuse_with("");
  CHECK(bench.result_of(read).ok());
  CHECK(bench.result_of(unwritten).ok());
  CHECK(bench.a.count("INCR") == 2);
}

TEST_CASE("a slot whose owner said READONLY is asked for again, also when the call that heard it has ended") {
  DatabaseBench bench;
  bench.a.answer(says("INCR", "-READONLY You can't write against a read only replica.\r\n"));
  bench.open_with("a");
  CHECK(bench.result_of(bench.submit({"INCR", "k"}, false, 200ms)).outcome == Outcome::timeout);
  bench.a.answer({});
  CHECK(bench.result_of(bench.submit({"INCR", "k"}, false, 2s)).ok());
}

TEST_CASE("nobody is known to own a slot whose owner said READONLY: calls for it are not sent there meanwhile") {
  DatabaseBench bench;
  bench.a.answer(says("INCR", "-READONLY You can't write against a read only replica.\r\n"));
  bench.open_with("a");
  const auto& result = bench.result_of(bench.submit({"INCR", "k"}, false, 700ms));
  CHECK(result.detail == "no answer within 700 ms: nobody owns its partition");
  CHECK(bench.hearing.count(HintKind::silent) == 0);
}
