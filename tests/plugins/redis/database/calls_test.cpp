// Node a owns all slots at first, b none. One row of the reply table after the other.
#include "database_bench.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

std::string moved_to(const ScriptedRedis& node, const std::string& key) {
  return "-MOVED " + std::to_string(redis::slot_of(key).value) + " 127.0.0.1:" + std::to_string(node.endpoint().port) +
         "\r\n";
}
std::string ask_at(const ScriptedRedis& node, const std::string& key) {
  return "-ASK" + moved_to(node, key).substr(6);
}

}  // namespace

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

TEST_CASE("MOVED sends the call on at once, and the calls after it go there directly") {
  DatabaseBench bench;
  bench.a.answer(says("SET", moved_to(bench.b, "k")));
  bench.open_with("a");
  bench.submit({"SET", "k", "1"});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
  CHECK(bench.results[0].node == bench.b.endpoint());
  bench.submit({"SET", "k", "2"});
  REQUIRE(bench.until_results(2));
  CHECK(bench.a.count("SET") == 1);
  CHECK(bench.b.count("SET") == 2);
  CHECK(bench.hearing.count(HintKind::redirected) == 1);
  CHECK(bench.hearing.hints[0].node == NodeId{"a"});
  CHECK(bench.hearing.hints[0].partition == redis::slot_of("k"));
  bench.submit({"SET", "other", "1"});  // another slot is a's still
  REQUIRE(run_until(bench.loop, [&] { return bench.a.count("SET") == 2; }));
}

TEST_CASE("MOVED to the replica of the answering node moves the whole shard") {
  DatabaseBench bench;
  bench.a.answer(says("SET", moved_to(bench.b, "k")));
  bench.open_with("a", Role::replica);
  bench.submit({"SET", "k", "1"});
  REQUIRE(bench.until_results(1));
  bench.submit({"SET", "other", "1"});
  REQUIRE(bench.until_results(2));
  CHECK(bench.results[1].node == bench.b.endpoint());
  CHECK(bench.a.count("SET") == 1);
}

TEST_CASE("MOVED without a host means the host that answered") {
  DatabaseBench bench;
  bench.a.answer(says("SET", "-MOVED 12706 ?:" + std::to_string(bench.b.endpoint().port) + "\r\n"));
  bench.open_with("a");
  bench.submit({"SET", "k", "1"});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].node == bench.b.endpoint());
}

TEST_CASE("a malformed MOVED is an error of the call that says what is wrong") {
  DatabaseBench bench;
  bench.a.answer(says("SET", "-MOVED 99999 127.0.0.1:1\r\n"));
  bench.open_with("a");
  bench.submit({"SET", "k", "1"});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::error_reply);
  CHECK(bench.results[0].detail == "a redirect without a slot below 16384: 'MOVED 99999 127.0.0.1:1'");
}

TEST_CASE("two nodes that name each other end after max_redirects") {
  DatabaseBench bench;
  bench.a.answer(says("SET", moved_to(bench.b, "k")));
  bench.b.answer(says("SET", moved_to(bench.a, "k")));
  bench.open_with("a");
  bench.submit({"SET", "k", "1"});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::error_reply);
  CHECK(bench.results[0].detail.starts_with("redirected 6 times in a row, the last time to 127.0.0.1:"));
}

TEST_CASE("ASK sends the call once behind ASKING and leaves the route alone") {
  DatabaseBench bench;
  bench.a.answer(says("SET", ask_at(bench.b, "k")));
  bench.open_with("a");
  bench.submit({"SET", "k", "1"});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
  REQUIRE(bench.b.commands().size() == 2);
  CHECK(bench.b.commands()[0] == ScriptedRedis::Args{"ASKING"});
  CHECK(bench.hearing.hints.empty());
  bench.submit({"SET", "k", "2"});
  REQUIRE(bench.until_results(2));
  CHECK(bench.a.count("SET") == 2);
}

TEST_CASE("a read that ASK sent to a node that dies there goes back to the owner") {
  DatabaseBench bench;
  bool asked = false;
  bench.a.answer([&](const auto& args) {
    return args[0] == "GET" && !std::exchange(asked, true) ? ask_at(bench.b, "k") : std::string();
  });
  bench.b.answer(silence);
  bench.open_with("a");
  bench.submit({"GET", "k"});
  REQUIRE(run_until(bench.loop, [&] { return bench.b.count("GET") == 1; }));
  bench.b.reset_clients();
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
  CHECK(bench.results[0].node == bench.a.endpoint());
}

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
  CHECK(bench.hearing.hints.empty());
}

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

TEST_CASE("a call without a key that needs one goes where MOVED says") {
  DatabaseBench bench;
  bench.a.answer(says("GET", moved_to(bench.b, "k")));
  bench.open_with("a");
  bench.database->submit({.key = "", .args = {"GET", "k"}, .repeatable = false, .deadline = {}}, bench.completion());
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].node == bench.b.endpoint());
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
  bench.database->submit({.key = "k", .args = {"SET", "k", "1"}, .repeatable = false, .deadline = {}}, [&](Result) {
    bench.submit({"SET", "k", "2"});
    bench.apply(bench.owned_by("b"));
  });
  REQUIRE(bench.until_results(1));
  bench.submit({"SET", "k", "3"});
  bench.database->submit({.key = "k", .args = {"GET", "k"}, .repeatable = false, .deadline = {}},
                         [&](Result) { bench.database->close(); });
  bench.submit({"SET", "k", "4"});
  REQUIRE(bench.until_results(3));
  CHECK(bench.results[1].ok());
  CHECK(bench.results[2].outcome == Outcome::outcome_unknown);
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

TEST_CASE("an idle node that stops answering is a hint, and no reason to close") {
  DatabaseBench bench;
  bench.open_with("a");
  const auto accepted = bench.a.accepted();
  bench.a.answer([](const auto& args) -> std::optional<std::string> {
    return args[0] == "PING" ? std::nullopt : std::optional<std::string>("");
  });
  REQUIRE(run_until(bench.loop, [&] { return bench.hearing.count(HintKind::silent) >= 1; }));
  bench.submit({"SET", "k", "1"});
  bench.a.say("+PONG\r\n");
  REQUIRE(bench.until_results(1));
  CHECK(bench.a.accepted() <= accepted + 1);  // only the pub/sub connection may have moved
}

TEST_CASE("100 calls redirected in one pipeline hint once and all arrive") {
  DatabaseBench bench;
  bench.a.answer(says("RPUSH", moved_to(bench.b, "k")));
  bench.open_with("a");
  for (int i = 0; i < 100; ++i) bench.submit({"RPUSH", "k", std::to_string(i)});
  REQUIRE(bench.until_results(100));
  CHECK(bench.hearing.count(HintKind::redirected) == 1);
  REQUIRE(bench.b.commands().size() == 100);
  for (std::size_t i = 0; i < 100; ++i) CHECK(bench.b.commands()[i][2] == std::to_string(i));
}
