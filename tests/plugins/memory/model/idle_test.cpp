#include "stage.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("a new cluster stands, and stays as it is when nothing befalls it") {
  Stage stage;
  REQUIRE(stage.cluster.agreed());
  stage.pass(30s);
  CHECK(stage.cluster.agreed());
  CHECK(stage.cluster.changes().empty());
  for (std::size_t s = 0; s < 3; ++s) CHECK(stage.cluster.owner({static_cast<std::uint32_t>(100 * s)}) == s);
}

TEST_CASE("a node's view names itself first, then all others, with what they own") {
  Stage stage;
  const TimePoint asked = stage.now();
  const auto view = stage.view(3);
  REQUIRE(view);
  CHECK(view->node == stage.cluster.id(3));
  CHECK(view->nodes.size() == 6);
  CHECK(view->nodes.front().id == view->node);
  CHECK(view->role == Role::replica);
  CHECK(view->ok);
  CHECK(view->nodes.front().primary == stage.cluster.id(0));
  CHECK(view->replid == stage.cluster.replid(0));
  CHECK(view->current_epoch == Epoch{3});
  CHECK(view->asked == asked);
  CHECK(view->answered == asked + 300us);
  CHECK(stage.report(3, 1).owns == std::vector{range(100, 199)});
  CHECK(stage.report(3, 1).epoch == Epoch{2});
}

TEST_CASE("a cluster of more shards than partitions is refused") {
  VirtualLoop loop;
  VirtualClock clock(loop);
  ClusterSettings settings;
  settings.partitions = 2;
  CHECK_THROWS_WITH(Cluster(clock, settings), "a cluster of 2 partitions wants 1 to 2 shards; got 3");
}

TEST_CASE("what waits on the clock when the cluster ends does nothing") {
  VirtualLoop loop;
  VirtualClock clock(loop);
  bool answered = false;
  {
    Cluster cluster(clock, small());
    cluster.ask(cluster.endpoint(0), [&](auto) { answered = true; });
  }
  loop.advance(1s);
  CHECK(!answered);
}
