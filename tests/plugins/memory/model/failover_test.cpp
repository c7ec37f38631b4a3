#include "stage.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("a primary is killed: after node_timeout and an election its replica owns its partitions") {
  Stage stage;
  const ReplId stream = stage.cluster.replid(0);
  stage.cluster.kill(0);
  const auto took = stage.until([&] { return stage.cluster.promoted(3); });
  REQUIRE(took);
  CHECK(*took >= 1500ms);
  CHECK(*took <= 2600ms);
  const auto view = stage.view(3);
  CHECK(view->role == Role::primary);
  CHECK(view->ok);
  CHECK(view->nodes.front().epoch == Epoch{4});
  CHECK(view->previous_replid == stream);
  CHECK(view->replid != stream);
  REQUIRE(stage.cluster.changes().size() == 1);
  const TrueChange& change = stage.cluster.changes().front();
  CHECK(change.kind == TrueChange::Kind::failover);
  CHECK(change.before == stage.cluster.id(0));
  CHECK(change.after == stage.cluster.id(3));
  CHECK(change.partitions == std::vector{range(0, 99)});
  CHECK(stage.eventually([&] { return stage.cluster.agreed(); }));
}

TEST_CASE("before a promotion every voter has seen its epoch, and the news of it comes 20 to 45 ms later") {
  Stage stage;
  stage.cluster.kill(0);
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3); }));
  for (const std::size_t voter : {1U, 2U}) {
    const auto view = stage.view(voter);
    CHECK(view->current_epoch == Epoch{4});
    CHECK(stage.report(voter, 3).role == Role::replica);
  }
  const TimePoint promoted = stage.cluster.changes().front().at;
  const auto knows = [&](std::size_t node) { return stage.report(node, 3).owns == std::vector{range(0, 99)}; };
  for (const std::size_t node : {1U, 2U, 4U, 5U}) {
    REQUIRE(stage.eventually([&] { return knows(node); }, 50ms));
    CHECK(stage.now() - promoted >= 20ms);
  }
}

TEST_CASE("a graceful failover loses no write, and the old primary follows as soon as it hears of it") {
  Stage stage;
  int acknowledged = 0;
  for (int i = 0; i < 50; ++i)
    stage.cluster.call(stage.cluster.endpoint(0), {"INCR", stage.key()}, [&](std::optional<Value> value) {
      if (value && value->kind == Value::Kind::integer) ++acknowledged;
    });
  stage.pass(200us);
  const ReplId stream = stage.cluster.replid(0);
  stage.cluster.failover(3);
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3); }, 1s));
  CHECK(stage.cluster.role(0) == Role::primary);  // it has not heard of it
  const TimePoint promoted = stage.now();
  REQUIRE(stage.eventually([&] { return stage.cluster.role(0) == Role::replica; }, 100ms));
  CHECK(stage.now() - promoted >= 19ms);
  CHECK(stage.now() - promoted <= 69ms);
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(acknowledged == 50);
  CHECK(stage.cluster.value_at(3, stage.key()) == "50");
  const auto old = stage.view(0);
  CHECK(old->previous_replid == stream);  // it went on in the same stream: proof that nothing was lost
  CHECK(stage.view(3)->previous_replid == stream);
  CHECK(old->previous_offset <= stage.view(3)->previous_offset);
}

TEST_CASE("writes that reach the old primary of a graceful failover wait, and are sent on to the new one") {
  Stage stage;
  stage.cluster.failover(3);
  stage.pass(1ms);
  CHECK(stage.call(0, {"SET", stage.key(), "late"}) ==
        "MOVED " + std::to_string(stage.cluster.partition_of(stage.key()).value) + " " +
            stage.cluster.endpoint(3).text());
  CHECK(stage.cluster.value_at(3, stage.key()) == std::nullopt);
}

TEST_CASE("a forced failover of a stopped primary asks the others for their votes") {
  Stage stage;
  stage.cluster.stop(0);
  stage.cluster.failover(3, FailoverMode::force);
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3); }, 10ms));
  CHECK(stage.view(1)->current_epoch == Epoch{4});
}

TEST_CASE("one vote of three is no majority") {
  Stage stage;
  stage.cluster.stop(0);
  stage.cluster.isolate({1});
  stage.cluster.failover(3, FailoverMode::force);
  stage.pass(6s);
  CHECK(!stage.cluster.promoted(3));
  CHECK(stage.view(2)->current_epoch > Epoch{3});  // it was asked, and voted
}

TEST_CASE("a takeover asks nobody: it works in a minority, where force does not") {
  Stage stage;
  stage.cluster.isolate({3});
  stage.cluster.failover(3, FailoverMode::force);
  stage.pass(6s);
  REQUIRE(!stage.cluster.promoted(3));
  stage.cluster.failover(3, FailoverMode::takeover);
  CHECK(stage.cluster.promoted(3));
  CHECK(stage.report(3, 3).epoch > Epoch{3});
  CHECK(stage.view(1)->current_epoch == Epoch{3});
}

TEST_CASE("of two replicas the one that is further takes over, and the other one follows it") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Stage stage(small(2, seed));
    stage.cluster.isolate({6});
    REQUIRE(stage.call(0, {"SET", stage.key(), "v"}) == "OK");
    stage.pass(10ms);
    stage.cluster.kill(0);
    stage.cluster.isolate({});
    REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3) || stage.cluster.promoted(6); }));
    CHECK(stage.cluster.promoted(3));
    REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
    CHECK(stage.cluster.primary_of(6) == 3);
    CHECK(stage.cluster.value_at(6, stage.key()) == "v");
  }
}

TEST_CASE("a failover there and back within a second is two changes of owner") {
  Stage stage;
  stage.cluster.failover(3, FailoverMode::takeover);
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  stage.cluster.failover(0);
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(0) && stage.cluster.agreed(); }));
  REQUIRE(stage.cluster.changes().size() == 2);
  CHECK(stage.cluster.changes().back().after == stage.cluster.id(0));
  CHECK(stage.cluster.owner({0}) == 0);
}
