// Node a owns all slots at first, b and c none: a says that somebody else is to be asked.
#include "database_bench.hpp"
#include "support/catch.hpp"
#include "support/cluster_model.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

std::string moved_as(const ScriptedRedis& node, const std::string& key, const std::string& host) {
  return "-MOVED " + std::to_string(redis::slot_of(key).value) + ' ' + host + ':' +
         std::to_string(node.endpoint().port) + "\r\n";
}

}  // namespace

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
  REQUIRE(bench.hearing.count(HintKind::redirected) == 1);
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
  CHECK(bench.hearing.nothing_but_silence());
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

TEST_CASE("a call without a key that needs one goes where MOVED says") {
  DatabaseBench bench;
  bench.a.answer(says("GET", moved_to(bench.b, "k")));
  bench.open_with("a");
  Call call = call_of({"GET", "k"});
  call.key.clear();
  bench.submit_call(std::move(call));
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].node == bench.b.endpoint());
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

TEST_CASE("MOVED may name its node in every way that Redis has") {
  const std::string host = GENERATE("", "?", "127.0.0.1", "localhost");
  CAPTURE(host);
  DatabaseBench bench;
  bench.a.answer(says("INCR", moved_as(bench.b, "k", host)));
  bench.open_with("a");
  for (const auto call : {bench.submit({"INCR", "k"}), bench.submit({"INCR", "k"})}) {
    CHECK(bench.result_of(call).ok());
    CHECK(bench.result_of(call).node.port == bench.b.endpoint().port);
  }
  CHECK(bench.b.count("INCR") == 2);  // neither once more than it was asked for
  CHECK(bench.hearing.count(HintKind::redirected) == 1);
}

TEST_CASE("MOVED to an IPv6 address is cut at its last colon") {
  const std::string host = GENERATE("::1", "[::1]");
  DatabaseBench bench;
  ScriptedRedis c(bench.loop, {}, "::1");
  bench.a.answer(says("INCR", moved_as(c, "k", host)));
  bench.open_with("a");
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).node == Endpoint{"::1", c.endpoint().port});
  CHECK(c.count("INCR") == 1);
}

TEST_CASE("a node that says MOVED to itself is asked again after pauses, and nowhere else") {
  DatabaseBench bench;
  bench.a.answer(says("INCR", moved_to(bench.a, "k")));
  bench.open_with("a");
  const auto unsafe = bench.submit({"INCR", "k"});
  run_for(bench.loop, 300ms);
  CHECK(bench.a.count("INCR") >= 2);
  CHECK(bench.a.count("INCR") <= 20);  // 10 ms, doubled each time
  CHECK_FALSE(bench.ended(unsafe));
  bench.a.answer({});
  CHECK(bench.result_of(unsafe).ok());
  CHECK(bench.b.commands().empty());
}

TEST_CASE("nodes that send a call round in a circle end it after max_redirects, and it was carried out by none") {
  const int nodes = GENERATE(2, 3);
  DatabaseBench bench;
  ScriptedRedis c(bench.loop);
  bench.a.answer(says("INCR", moved_to(bench.b, "k")));
  bench.b.answer(says("INCR", moved_to(nodes == 2 ? bench.a : c, "k")));
  c.answer(says("INCR", moved_to(bench.a, "k")));
  bench.open_with("a");
  const auto& result = bench.result_of(bench.submit({"INCR", "k"}));
  CHECK(result.outcome == Outcome::error_reply);
  CHECK(result.detail.starts_with("redirected 6 times in a row, the last time to 127.0.0.1:"));
  // Each of the others had to be connected first, which is a pause in the circle.
  const auto sent = bench.a.count("INCR") + bench.b.count("INCR") + c.count("INCR");
  CHECK(sent >= 6);
  CHECK(sent <= 6 + 3);
  CHECK(bench.hearing.count(HintKind::redirected) >= 1);
}

TEST_CASE("ASK may name a node that no topology knows, and the route stays") {
  DatabaseBench bench;
  ScriptedRedis c(bench.loop);
  bench.a.answer(says("INCR", ask_at(c, "k")));
  bench.open_with("a");
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).node == c.endpoint());
  CHECK(c.commands() == std::vector<ScriptedRedis::Args>{{"ASKING"}, {"INCR", "k"}});
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).node == c.endpoint());
  CHECK(bench.a.count("INCR") == 2);
  CHECK(bench.hearing.nothing_but_silence());
  CHECK(run_until(bench.loop, [&] { return c.clients() == 0; }));  // not kept for ever
}

TEST_CASE("ASK that leads to MOVED: the call goes on, the route of the slot's owner stays") {
  DatabaseBench bench;
  ScriptedRedis c(bench.loop);
  bench.a.answer(says("INCR", ask_at(bench.b, "k")));
  bench.b.answer(says("INCR", moved_to(c, "k")));
  bench.open_with("a");
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).node == c.endpoint());
  CHECK(c.commands() == std::vector<ScriptedRedis::Args>{{"INCR", "k"}});  // MOVED is no ASK
  bench.a.answer({});
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).node == bench.a.endpoint());
}

TEST_CASE("a redirect that is cut off or malformed ends its call, says what is wrong, and changes nothing else") {
  struct Row {
    std::string reply;
    std::string detail;
  };
  const auto row = GENERATE(values<Row>({
      {"MOVED", "a redirect without a slot below 16384: 'MOVED'"},
      {"MOVED ", "a redirect without a slot below 16384: 'MOVED '"},
      {"MOVED 12706", "a redirect without one host:port: 'MOVED 12706'"},
      {"MOVED 12706 127.0.0.1", "a redirect without one host:port: 'MOVED 12706 127.0.0.1'"},
      {"MOVED 12706 127.0.0.1:", "a redirect to a bad port: 'MOVED 12706 127.0.0.1:'"},
      {"MOVED 12706 127.0.0.1:0", "a redirect to a bad port: 'MOVED 12706 127.0.0.1:0'"},
      {"MOVED 12706 127.0.0.1:65536", "a redirect to a bad port: 'MOVED 12706 127.0.0.1:65536'"},
      {"MOVED 12706 127.0.0.1:7000x", "a redirect to a bad port: 'MOVED 12706 127.0.0.1:7000x'"},
      {"MOVED 16384 127.0.0.1:7000", "a redirect without a slot below 16384: 'MOVED 16384 127.0.0.1:7000'"},
      {"MOVED -1 127.0.0.1:7000", "a redirect without a slot below 16384: 'MOVED -1 127.0.0.1:7000'"},
      {"MOVED 12706 a b:7000", "a redirect without one host:port: 'MOVED 12706 a b:7000'"},
      {"MOVED 12706 h:7000 x", "a redirect without one host:port: 'MOVED 12706 h:7000 x'"},
      {"ASK 12706 h/x:7000", "a redirect to a bad host: 'ASK 12706 h/x:7000'"},
      {"ASK", "a redirect without a slot below 16384: 'ASK'"},
  }));
  CAPTURE(row.reply);
  DatabaseBench bench;
  bench.a.answer(says("GET", '-' + row.reply + "\r\n"));
  bench.open_with("a");
  const auto accepted = bench.a.accepted();
  const auto& result = bench.result_of(bench.submit({"GET", "k"}));
  CHECK(result.outcome == Outcome::error_reply);
  CHECK(result.detail == row.detail);
  CHECK(result.value.text == row.reply);
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).node == bench.a.endpoint());
  CHECK(bench.a.accepted() == accepted);
  CHECK(bench.hearing.nothing_but_silence());
}

TEST_CASE("ASK for a node that leads back by MOVED ends after max_redirects, carried out by none") {
  DatabaseBench bench;
  bench.a.answer(says("INCR", ask_at(bench.b, "k")));
  bench.b.answer(says("INCR", moved_to(bench.a, "k")));  // it does not import the slot
  bench.open_with("a");
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).outcome == Outcome::error_reply);
  CHECK(bench.b.count("INCR") <= 5);
  bench.a.answer({});
  CHECK(bench.result_of(bench.submit({"INCR", "k"})).node == bench.a.endpoint());
}

TEST_CASE("ASK for a node that cannot be reached holds up its own call only") {
  DatabaseBench bench;
  ScriptedRedis gone(bench.loop);
  gone.listener().refuse();
  bench.a.answer([&](const auto& args) {
    return args[0] == "INCR" && args[1] == "{k}1" ? Answer(ask_at(gone, "k")) : Answer("");
  });
  bench.open_with("a");
  bench.submit({"INCR", "{k}1"}, false, 2s);
  run_for(bench.loop, 100ms);
  CHECK(bench.result_of(bench.submit({"INCR", "{k}2"}, false, 500ms)).ok());
}

TEST_CASE("a node that is named and cannot be reached: MOVED is forgotten, and the owner asked again") {
  DatabaseBench bench;
  ScriptedRedis gone(bench.loop);
  gone.listener().refuse();
  bool moved = false;
  bench.a.answer([&](const auto& args) {
    return args[0] == "INCR" && !std::exchange(moved, true) ? moved_to(gone, "k") : std::string();
  });
  bench.open_with("a");
  const auto& result = bench.result_of(bench.submit({"INCR", "k"}));
  CHECK(result.ok());
  CHECK(result.node == bench.a.endpoint());
  CHECK(bench.hearing.count(HintKind::refused) == 1);
}

TEST_CASE("a slot goes to another node key by key, and calls on many keys are answered in the end") {
  DatabaseBench bench;
  ClusterModel model;
  model.add("a", bench.a.endpoint());
  model.add("b", bench.b.endpoint());
  model.take({{0}, {16383}}, "a");
  model.migrations.push_back({.slot = redis::slot_of("t"), .from = "a", .to = "b", .moved = {"{t}1"}});
  bench.a.answer(model.node("a"));
  bench.b.answer(model.node("b"));
  bench.open_with("a");
  CHECK(bench.result_of(bench.submit({"GET", "{t}1"})).node == bench.b.endpoint());
  CHECK(bench.result_of(bench.submit({"GET", "{t}2"})).node == bench.a.endpoint());

  const auto both = bench.submit({"DEL", "{t}1", "{t}2"});  // neither node has all the keys: TRYAGAIN
  REQUIRE(run_until(bench.loop, [&] { return bench.a.count("DEL") >= 3; }));
  CHECK_FALSE(bench.ended(both));
  CHECK(bench.hearing.nothing_but_silence());
  model.migrations[0].moved.insert("{t}2");
  CHECK(bench.result_of(both).node == bench.b.endpoint());

  model.migrations.clear();
  model.take({redis::slot_of("t"), redis::slot_of("t")}, "b");
  CHECK(bench.result_of(bench.submit({"INCR", "{t}1"})).node == bench.b.endpoint());
  CHECK(bench.hearing.count(HintKind::redirected) == 1);
  CHECK(bench.result_of(bench.submit({"INCR", "{t}1"})).node == bench.b.endpoint());
  CHECK(bench.a.count("INCR") == 1);
}
