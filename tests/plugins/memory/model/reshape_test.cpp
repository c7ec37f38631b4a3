#include "stage.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

/// A key of the partitions that the tests move.
std::string moved_key(const Stage& stage) {
  for (int i = 0;; ++i)
    if (stage.cluster.partition_of(stage.key(i)).value < 50) return stage.key(i);
}

}  // namespace

TEST_CASE("a move takes the data along, and the new owner has a greater epoch and nothing is lost") {
  Stage stage;
  const auto key = moved_key(stage);
  REQUIRE(stage.call(0, {"SET", key, "v"}) == "OK");
  stage.cluster.move(range(0, 49), 0, 1);
  CHECK(stage.report(1, 1).owns == std::vector{range(0, 49), range(100, 199)});
  CHECK(stage.report(1, 1).epoch == Epoch{4});
  CHECK(stage.cluster.role(0) == Role::primary);
  const auto moved =
      "MOVED " + std::to_string(stage.cluster.partition_of(key).value) + " " + stage.cluster.endpoint(1).text();
  CHECK(stage.call(0, {"SET", key, "late"}) == moved);
  CHECK(stage.call(1, {"GET", key}) == "v");
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.cluster.value_at(0, key) == std::nullopt);
  CHECK(stage.cluster.value_at(3, key) == std::nullopt);
  CHECK(stage.cluster.value_at(4, key) == "v");
  REQUIRE(stage.cluster.changes().size() == 1);
  CHECK(stage.cluster.changes().front().kind == TrueChange::Kind::reshard);
}

TEST_CASE("a primary with the greatest epoch takes partitions without raising it") {
  Stage stage;
  stage.cluster.move(range(0, 49), 0, 2);
  CHECK(stage.report(2, 2).epoch == Epoch{3});
  CHECK(stage.eventually([&] { return stage.cluster.agreed(); }));
}

TEST_CASE("a move with a pace goes partition by partition") {
  Stage stage;
  stage.cluster.move(range(0, 9), 0, 1, 100ms);
  stage.pass(450ms);
  CHECK(stage.cluster.owner({4}) == 1);
  CHECK(stage.cluster.owner({5}) == 0);
  stage.pass(1s);
  CHECK(stage.cluster.owner({9}) == 1);
  CHECK(stage.cluster.changes().size() == 10);
}

TEST_CASE("a primary that gives its last partition away follows the new owner, and its replica does too") {
  Stage stage;
  stage.cluster.move(range(0, 99), 0, 1);
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.cluster.primary_of(0) == 1);
  CHECK(stage.cluster.primary_of(3) == 1);
}

TEST_CASE("a move of what the giver does not own is refused") {
  Stage stage;
  CHECK_THROWS_WITH(stage.cluster.move(range(50, 150), 0, 1),
                    "move wants partitions of a primary and another primary that agree on who owns them; 50 to 150 are "
                    "not node 0's to give to node 1");
}

TEST_CASE("a new node is known to all, takes partitions, gets a replica, and leaves again") {
  Stage stage;
  const std::size_t added = stage.cluster.add_node();
  const std::size_t second = stage.cluster.add_node();
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.report(4, added).role == Role::primary);
  stage.cluster.replicate(second, added);
  stage.cluster.move(range(0, 49), 0, added);
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.cluster.primary_of(second) == added);
  stage.cluster.move(range(0, 49), added, 0);
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed() && stage.cluster.primary_of(second) == 0; }));
  stage.cluster.remove(added);
  stage.cluster.remove(second);
  CHECK(stage.view(1)->nodes.size() == 6);
  stage.pass(5s);
  CHECK(stage.view(1)->nodes.size() == 6);
  CHECK(stage.cluster.agreed());
  CHECK_THROWS_WITH(stage.cluster.start(added), "start wants a node that is down and a member; node 6 was removed");
  CHECK_THROWS_WITH(stage.cluster.remove(1),
                    "remove wants a member that owns nothing and that nobody follows; node 1 is not one");
}

TEST_CASE("a node that was down when another one joined learns of it when it is back") {
  Stage stage;
  stage.cluster.kill(5);
  const std::size_t added = stage.cluster.add_node();
  stage.pass(1s);
  stage.cluster.start(5);
  REQUIRE(stage.eventually([&] { return stage.cluster.agreed(); }));
  CHECK(stage.report(5, added).id == stage.cluster.id(added));
}

TEST_CASE("partitions can be without an owner, and be given to another one without data") {
  Stage stage;
  REQUIRE(stage.call(0, {"SET", stage.key(), "v"}) == "OK");
  stage.cluster.del_partitions(range(0, 99));
  CHECK(stage.call(0, {"GET", stage.key()}) == "CLUSTERDOWN Hash slot not served");
  CHECK(stage.cluster.owner({0}) == std::nullopt);
  CHECK(stage.cluster.changes().empty());
  stage.cluster.add_partitions(range(0, 99), 1);
  CHECK(stage.call(1, {"GET", stage.key()}) == "nil");
  REQUIRE(stage.cluster.changes().size() == 1);
  CHECK(stage.cluster.changes().front().kind == TrueChange::Kind::assigned);
  CHECK_THROWS_WITH(stage.cluster.add_partitions(range(0, 0), 0),
                    "add_partitions wants partitions that nobody owns and a primary; 0 to 0 cannot be given to node 0");
}

TEST_CASE("partitions that return to the owner that had them are no change") {
  Stage stage;
  stage.cluster.del_partitions(range(0, 9));
  stage.cluster.add_partitions(range(0, 9), 0);
  CHECK(stage.cluster.changes().empty());
  CHECK(stage.eventually([&] { return stage.cluster.agreed(); }));
}
