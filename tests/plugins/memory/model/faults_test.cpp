#include "stage.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("a killed node answers nobody and its connections are lost within milliseconds") {
  Stage stage;
  std::vector<Endpoint> lost;
  stage.cluster.observe({.lost = [&](const Endpoint& at) { lost.push_back(at); }, .demoted = {}, .message = {}});
  stage.cluster.kill(1);
  CHECK(stage.call(1, {"PING"}) == "gone");
  CHECK(!stage.view(1));
  stage.pass(6ms);
  CHECK(lost == std::vector{stage.cluster.endpoint(1)});
  CHECK_THROWS_WITH(stage.cluster.kill(1), "kill wants a node that lives; node 1 is down");
}

TEST_CASE("what was under way to a node when it died is lost, even if it is back before it arrives") {
  Stage stage;
  std::optional<Value> answer;
  bool came = false;
  stage.send(0, {"PING"}, answer, came);
  stage.cluster.restart_in_place(0, 50us);
  stage.pass(10ms);
  CHECK(came);
  CHECK(!answer);
}

TEST_CASE("what waits at a stopped node is lost when it dies") {
  Stage stage;
  std::optional<Value> answer;
  bool came = false;
  stage.cluster.stop(0);
  stage.send(0, {"PING"}, answer, came);
  stage.pass(10ms);
  REQUIRE(!came);
  stage.cluster.kill(0);
  stage.pass(1ms);
  CHECK(came);
  CHECK(!answer);
}

TEST_CASE("an observer that was forgotten is told nothing") {
  Stage stage;
  int told = 0;
  const auto id = stage.cluster.observe({.lost = [&](const Endpoint&) { ++told; }, .demoted = {}, .message = {}});
  stage.cluster.kill(1);
  stage.cluster.forget(id);
  stage.pass(10ms);
  CHECK(told == 0);
}

TEST_CASE("a primary that comes back after its failover has no data, the old map, and serves nobody until it follows") {
  Stage stage;
  REQUIRE(stage.call(0, {"SET", stage.key(), "v"}) == "OK");
  stage.pass(10ms);
  const auto before = stage.view(0);
  stage.cluster.kill(0);
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3); }));
  stage.pass(1s);
  stage.cluster.start(0);
  const auto back = stage.view(0);
  CHECK(back->node == before->node);
  CHECK(back->run_id != before->run_id);
  CHECK(back->replid != before->replid);
  CHECK(back->role == Role::primary);
  CHECK(!back->ok);
  CHECK(back->nodes.front().owns == before->nodes.front().owns);
  CHECK(back->current_epoch == before->current_epoch);
  CHECK(stage.call(0, {"GET", stage.key()}) == "CLUSTERDOWN The cluster is down");
  REQUIRE(stage.eventually([&] { return stage.cluster.role(0) == Role::replica; }, 1s));
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.cluster.primary_of(0) == 3);
  CHECK(stage.cluster.value_at(0, stage.key()) == "v");
  CHECK(stage.cluster.changes().size() == 1);
}

TEST_CASE("a primary that comes back is told by others that it was replaced, even if the new owner is down") {
  Stage stage;
  stage.cluster.kill(0);
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3); }));
  stage.pass(1s);
  stage.cluster.kill(3);
  stage.cluster.start(0);
  REQUIRE(stage.eventually([&] { return stage.cluster.role(0) == Role::replica; }, 1s));
  CHECK(stage.cluster.primary_of(0) == 3);
  CHECK(stage.cluster.owner({0}) == std::nullopt);
}

TEST_CASE("a primary restarted in place stays the owner, is empty, and refuses calls for 2 s, and so is its replica") {
  Stage stage;
  REQUIRE(stage.call(0, {"SET", stage.key(), "v"}) == "OK");
  stage.pass(10ms);
  REQUIRE(stage.cluster.value_at(3, stage.key()) == "v");
  const RunId life = stage.cluster.run_id(0);
  stage.cluster.restart_in_place(0);
  stage.pass(60ms);
  CHECK(stage.cluster.run_id(0) != life);
  CHECK(stage.call(0, {"GET", stage.key()}) == "CLUSTERDOWN The cluster is down");
  const auto served = stage.until([&] { return stage.call(0, {"GET", stage.key()}) == "nil"; });
  REQUIRE(served);
  CHECK(*served >= 1900ms);
  CHECK(*served <= 2200ms);
  CHECK(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.cluster.value_at(3, stage.key()) == std::nullopt);
  CHECK(!stage.cluster.promoted(3));
  REQUIRE(stage.cluster.changes().size() == 1);
  CHECK(stage.cluster.changes().front().kind == TrueChange::Kind::restart);
  CHECK(stage.cluster.changes().front().partitions == std::vector{range(0, 99)});
}

TEST_CASE("a replica that restarts takes all data from its primary again") {
  Stage stage;
  REQUIRE(stage.call(0, {"SET", stage.key(), "v"}) == "OK");
  stage.cluster.restart_in_place(3);
  stage.pass(60ms);
  CHECK(stage.cluster.value_at(3, stage.key()) == std::nullopt);
  CHECK(stage.eventually([&] { return stage.cluster.in_sync(3); }));
  CHECK(stage.cluster.value_at(3, stage.key()) == "v");
  CHECK(stage.cluster.changes().empty());
}

TEST_CASE("a stopped node answers after it goes on, with its old map: its writes are acknowledged and lost") {
  Stage stage;
  stage.cluster.stop(0);
  CHECK(stage.call(0, {"PING"}) == "silent");
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3); }));
  stage.pass(1s);
  std::optional<Value> write;
  bool written = false;
  stage.send(0, {"SET", stage.key(), "lost"}, write, written);
  stage.pass(1s);
  REQUIRE(!written);
  stage.cluster.resume(0);
  stage.pass(400us);
  REQUIRE(written);
  CHECK(write->text == "OK");
  CHECK(stage.report(0, 0).owns == std::vector{range(0, 99)});
  REQUIRE(stage.eventually([&] { return stage.cluster.role(0) == Role::replica; }, 500ms));
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.cluster.value_at(0, stage.key()) == std::nullopt);
  CHECK(stage.cluster.value_at(3, stage.key()) == std::nullopt);
}

TEST_CASE("a primary that is cut off serves until node_timeout, then refuses, and after the heal it follows") {
  Stage stage;
  stage.cluster.isolate({0});
  stage.pass(500ms);
  CHECK(stage.call(0, {"SET", stage.key(), "lost"}) == "OK");
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3); }));
  CHECK(stage.call(0, {"SET", stage.key(), "x"}) == "CLUSTERDOWN The cluster is down");
  CHECK(!stage.view(0)->ok);
  CHECK(!stage.cluster.agreed());
  stage.cluster.isolate({});
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.cluster.primary_of(0) == 3);
  CHECK(stage.cluster.value_at(0, stage.key()) == std::nullopt);
}

TEST_CASE("a primary that was cut off refuses calls for a moment after it is back") {
  Stage stage(small(0));
  stage.cluster.isolate({0});
  REQUIRE(stage.eventually([&] { return !stage.view(0)->ok; }));
  stage.cluster.isolate({});
  const auto back = stage.until([&] { return stage.view(0)->ok; });
  REQUIRE(back);
  CHECK(*back >= 900ms);
}

TEST_CASE("without a majority of the primaries nobody is elected and nobody serves") {
  Stage stage;
  stage.cluster.kill(0);
  stage.cluster.kill(1);
  stage.pass(10s);
  CHECK(!stage.cluster.promoted(3));
  CHECK(!stage.cluster.promoted(4));
  CHECK(!stage.view(2)->ok);
  CHECK(stage.view(2)->current_epoch == Epoch{3});  // one voice makes no failure, so nobody has asked for votes
  stage.cluster.start(1);
  CHECK(stage.eventually([&] { return stage.cluster.promoted(3); }));
}

TEST_CASE("after an outage of all nodes the same owners are back, empty") {
  Stage stage;
  for (std::size_t i = 0; i < 6; ++i) stage.cluster.kill(i);
  stage.pass(5s);
  for (std::size_t i = 0; i < 6; ++i) stage.cluster.start(i);
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.cluster.changes().size() == 3);
  for (const auto& change : stage.cluster.changes()) CHECK(change.kind == TrueChange::Kind::restart);
}

TEST_CASE("clients do not reach a hidden node, but the others do, and what was asked is answered when the wall goes") {
  Stage stage;
  std::optional<Value> answer;
  bool came = false;
  stage.cluster.hide({0});
  stage.send(0, {"PING"}, answer, came);
  stage.pass(5s);
  CHECK(!came);
  CHECK(stage.cluster.changes().empty());
  stage.cluster.hide({});
  stage.pass(1ms);
  CHECK(came);
  CHECK(answer->text == "PONG");
}

TEST_CASE("a hidden node that dies tells so only when the wall goes") {
  Stage stage;
  int lost = 0;
  stage.cluster.observe({.lost = [&](const Endpoint&) { ++lost; }, .demoted = {}, .message = {}});
  stage.cluster.hide({0});
  stage.cluster.kill(0);
  CHECK(stage.call(0, {"PING"}) == "silent");
  CHECK(lost == 0);
  stage.cluster.hide({});
  stage.pass(1ms);
  CHECK(lost == 1);
}

TEST_CASE("a node with a frozen view hands out the old map, although it knows better") {
  Stage stage;
  stage.cluster.freeze_view(1);
  stage.cluster.failover(3);
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3) && stage.cluster.agreed(); }));
  CHECK(stage.report(1, 0).owns == std::vector{range(0, 99)});
  stage.cluster.thaw_view(1);
  CHECK(stage.report(1, 3).owns == std::vector{range(0, 99)});
}

TEST_CASE("a primary that loses its role tells its clients") {
  Stage stage;
  std::vector<Endpoint> demoted;
  stage.cluster.observe({.lost = {}, .demoted = [&](const Endpoint& at) { demoted.push_back(at); }, .message = {}});
  stage.cluster.failover(3);
  stage.pass(200ms);
  CHECK(demoted == std::vector{stage.cluster.endpoint(0)});
}

TEST_CASE("an isolated takeover and an election at the same epoch: the smaller id takes a new one and all partitions") {
  // The replica that takes over alone and the one that the majority elects both get epoch 4.
  Stage stage(small(2));
  stage.cluster.isolate({6});
  stage.cluster.kill(0);
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3); }));
  stage.cluster.failover(6, FailoverMode::takeover);
  REQUIRE(stage.report(6, 6).epoch == stage.report(3, 3).epoch);
  stage.cluster.isolate({});
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  const std::size_t winner = stage.cluster.id(3) < stage.cluster.id(6) ? 3 : 6;
  CHECK(stage.cluster.owner({0}) == winner);
  CHECK(stage.report(winner, winner).epoch == Epoch{5});
}
