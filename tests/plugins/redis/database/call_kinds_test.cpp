// Node a owns all slots, b none: transactions, split calls, calls by partition, cancellation.
#include <thread>

#include "database_bench.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

using Args = ScriptedRedis::Args;

void submit(DatabaseBench& bench, Call call) {
  bench.database->submit(std::move(call), bench.completion());
}

std::optional<std::string> transaction_server(const Args& args) {
  if (args[0] == "EXEC") return "*2\r\n+OK\r\n:7\r\n";
  if (args[0] == "SET" || args[0] == "INCR") return "+QUEUED\r\n";
  return "";
}

}  // namespace

TEST_CASE("a transaction leaves as one piece and its reply is that of EXEC") {
  DatabaseBench bench;
  bench.a.answer(transaction_server);
  bench.open_with("a");
  submit(bench, {.transaction = {{"SET", "k", "1"}, {"INCR", "{k}n"}}});
  submit(bench, {.args = {"GET", "k"}});
  REQUIRE(bench.until_results(2));
  REQUIRE(bench.results[0].ok());
  REQUIRE(bench.results[0].value.elements.size() == 2);
  CHECK(bench.results[0].value.elements[1].integer == 7);
  CHECK(bench.a.commands() ==
        std::vector<Args>{{"MULTI"}, {"SET", "k", "1"}, {"INCR", "{k}n"}, {"EXEC"}, {"GET", "k"}});
}

TEST_CASE("a transaction that is MOVED while it is queued goes on as a whole") {
  DatabaseBench bench;
  bench.a.answer([&](const Args& args) -> std::optional<std::string> {
    if (args[0] == "SET" || args[0] == "INCR") return moved_to(bench.b, "k");
    if (args[0] == "EXEC") return "-EXECABORT Transaction discarded because of previous errors.\r\n";
    return "";
  });
  bench.b.answer(transaction_server);
  bench.open_with("a");
  submit(bench, {.transaction = {{"SET", "k", "1"}, {"INCR", "{k}n"}}});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
  CHECK(bench.results[0].node == bench.b.endpoint());
  CHECK(bench.b.count("MULTI") == 1);
  CHECK(bench.b.count("EXEC") == 1);
}

TEST_CASE("ASK sends a transaction behind one ASKING") {
  DatabaseBench bench;
  bench.a.answer([&](const Args& args) -> std::optional<std::string> {
    if (args[0] == "SET") return "-ASK" + moved_to(bench.b, "k").substr(6);
    if (args[0] == "EXEC") return "-EXECABORT Transaction discarded because of previous errors.\r\n";
    return "";
  });
  bench.b.answer(transaction_server);
  bench.open_with("a");
  submit(bench, {.transaction = {{"SET", "k", "1"}}});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].ok());
  CHECK(bench.b.commands() == std::vector<Args>{{"ASKING"}, {"MULTI"}, {"SET", "k", "1"}, {"EXEC"}});
}

TEST_CASE("a command that the transaction refuses is its error, not the EXECABORT behind it") {
  DatabaseBench bench;
  bench.a.answer([](const Args& args) -> std::optional<std::string> {
    if (args[0] == "SET") return "-ERR wrong number of arguments for 'set' command\r\n";
    if (args[0] == "EXEC") return "-EXECABORT Transaction discarded because of previous errors.\r\n";
    return "";
  });
  bench.open_with("a");
  submit(bench, {.transaction = {{"SET", "k"}}});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::error_reply);
  CHECK(bench.results[0].value.text == "ERR wrong number of arguments for 'set' command");
}

TEST_CASE("a transaction that was written and not answered ends as outcome_unknown") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a");
  submit(bench, {.transaction = {{"SET", "k", "1"}}});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.count("EXEC") == 1; }));
  bench.a.reset_clients();
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::outcome_unknown);
}

TEST_CASE("when EXEC is refused the transaction stays open, so the connection ends and later calls take another") {
  DatabaseBench bench;
  bench.a.answer([](const Args& args) -> std::optional<std::string> {
    if (args[0] == "EXEC") return "-NOPERM this user has no permissions to run the 'exec' command\r\n";
    if (args[0] == "SET") return "-NOPERM this user has no permissions to run the 'set' command\r\n";
    return "";
  });
  bench.open_with("a");
  submit(bench, {.transaction = {{"SET", "k", "1"}}});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].value.text == "NOPERM this user has no permissions to run the 'set' command");
  submit(bench, {.args = {"GET", "k"}});
  REQUIRE(bench.until_results(2));
  const auto& asked = bench.a.asked();
  const auto connection_of = [&](const std::string& verb) {
    return std::find_if(asked.begin(), asked.end(), [&](const auto& one) { return one.args[0] == verb; })->connection;
  };
  CHECK(connection_of("GET") != connection_of("EXEC"));
}

TEST_CASE("when MULTI is refused its commands may have run one by one, and the result says so") {
  DatabaseBench bench;
  bench.a.answer([](const Args& args) -> std::optional<std::string> {
    if (args[0] == "MULTI") return "-NOPERM this user has no permissions to run the 'multi' command\r\n";
    if (args[0] == "EXEC") return "-ERR EXEC without MULTI\r\n";
    return "";
  });
  bench.open_with("a");
  submit(bench, {.transaction = {{"SET", "k", "1"}}});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::outcome_unknown);
  CHECK(bench.results[0].detail.starts_with("MULTI was refused"));
}

TEST_CASE("a split call has its parts answered by their owners and is completed once") {
  DatabaseBench bench;
  const auto values = [](const Args& args) -> std::optional<std::string> {
    if (args[0] != "MGET") return "";
    std::string reply = "*" + std::to_string(args.size() - 1) + "\r\n";
    for (std::size_t i = 1; i < args.size(); ++i) reply += "+" + args[i] + "\r\n";
    return reply;
  };
  bench.a.answer(values);
  bench.b.answer(values);
  bench.open();
  auto topology = std::make_shared<Topology>(*bench.owned_by("a"));
  const Partition of_b = redis::slot_of("b");
  topology->claims.set({of_b, of_b}, {{9}, 0, {"b"}});
  bench.apply(topology);
  submit(bench, {.args = {"MGET", "a", "b", "{a}1"}});
  REQUIRE(bench.until_results(1));
  REQUIRE(bench.results[0].value.elements.size() == 3);
  CHECK(bench.results[0].value.elements[1].text == "b");
  CHECK(bench.results[0].value.elements[2].text == "{a}1");
  CHECK(bench.a.commands() == std::vector<Args>{{"MGET", "a", "{a}1"}});
  CHECK(bench.b.commands() == std::vector<Args>{{"MGET", "b"}});
}

TEST_CASE("a split call for which the queue has no room is refused as a whole") {
  DatabaseBench bench;
  bench.settings.queue_calls = 2;
  bench.open();
  submit(bench, {.args = {"SET", "x", "1"}});
  submit(bench, {.args = {"MSET", "a", "1", "b", "2"}});
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::refused);
  bench.apply(bench.owned_by("a"));
  REQUIRE(bench.until_results(2));
  CHECK(bench.a.count("MSET") == 0);
}

TEST_CASE("a call for a partition goes to its owner, and its session changes with the connection") {
  DatabaseBench bench;
  bench.a.answer(says("SCAN", "*2\r\n$1\r\n0\r\n*0\r\n"));
  bench.open_with("a");
  const auto scan = [&] { submit(bench, {.args = {"SCAN", "0"}, .partition = Partition{5}}); };
  scan();
  scan();
  REQUIRE(bench.until_results(2));
  CHECK(bench.results[0].node == bench.a.endpoint());
  CHECK(bench.results[0].session != 0);
  CHECK(bench.results[0].session == bench.results[1].session);
  bench.a.reset_clients();
  settle(bench.loop);
  scan();
  REQUIRE(bench.until_results(3));
  CHECK(bench.results[2].session != bench.results[0].session);
}

TEST_CASE("a call that is stopped while it waits had no effect, and the one behind it goes on") {
  DatabaseBench bench;
  bench.open();
  std::stop_source source;
  submit(bench, {.args = {"SET", "k", "1"}, .stop = source.get_token()});
  submit(bench, {.args = {"SET", "k", "2"}});
  std::jthread([&] { source.request_stop(); });
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::cancelled);
  CHECK(bench.results[0].detail == "the caller stopped it");
  bench.apply(bench.owned_by("a"));
  REQUIRE(bench.until_results(2));
  CHECK(bench.results[1].ok());
  CHECK(bench.a.commands() == std::vector<Args>{{"SET", "k", "2"}});
}

TEST_CASE("a call that is stopped after it was written may have had an effect, and a late answer finds nobody") {
  DatabaseBench bench;
  bench.a.answer(silence);
  bench.open_with("a");
  std::stop_source source;
  submit(bench, {.args = {"SET", "k", "1"}, .stop = source.get_token()});
  REQUIRE(run_until(bench.loop, [&] { return bench.a.count("SET") == 1; }));
  source.request_stop();
  REQUIRE(bench.until_results(1));
  CHECK(bench.results[0].outcome == Outcome::outcome_unknown);
  bench.a.say("+OK\r\n");
  settle(bench.loop);
  CHECK(bench.results.size() == 1);
}

TEST_CASE("a call that was stopped before it was made ends all the same, later than submit() returns") {
  DatabaseBench bench;
  bench.open_with("a");
  std::stop_source source;
  source.request_stop();
  submit(bench, {.args = {"SET", "k", "1"}, .stop = source.get_token()});
  CHECK(bench.results.empty());
  REQUIRE(bench.until_results(1));
}

TEST_CASE("stopping a call that has ended does nothing, also after the database is gone") {
  DatabaseBench bench;
  bench.open_with("a");
  std::stop_source source;
  submit(bench, {.args = {"GET", "k"}, .stop = source.get_token()});
  REQUIRE(bench.until_results(1));
  source.request_stop();
  settle(bench.loop);
  CHECK(bench.results.size() == 1);
  std::stop_source late;
  submit(bench, {.args = {"GET", "k"}, .stop = late.get_token()});
  bench.database->close();
  bench.database.reset();
  late.request_stop();
  settle(bench.loop);
  CHECK(bench.results.size() == 2);
}
