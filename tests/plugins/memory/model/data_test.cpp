#include "stage.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("commands answer as Redis does") {
  Stage stage;
  const auto key = stage.key();
  CHECK(stage.call(0, {"PING"}) == "PONG");
  CHECK(stage.call(0, {"GET", key}) == "nil");
  CHECK(stage.call(0, {"SET", key, "v"}) == "OK");
  CHECK(stage.call(0, {"GET", key}) == "v");
  CHECK(stage.call(0, {"EXISTS", key, key}) == "2");
  CHECK(stage.call(0, {"INCR", key}) == "ERR value is not an integer or out of range");
  CHECK(stage.call(0, {"DEL", key, key}) == "1");
  CHECK(stage.call(0, {"INCR", key}) == "1");
  CHECK(stage.call(0, {"INCR", key}) == "2");
  CHECK(stage.call(0, {"SET", key}) == "ERR wrong number of arguments for 'SET' command");
  CHECK(stage.call(0, {"EVAL", key}) ==
        "ERR unknown command 'EVAL'; this database knows PING, GET, SET, DEL, INCR, EXISTS, PUBLISH and, of entries "
        "with versions, VGET, VPUT, VCREATE, VREMOVE, VNUMBER and VSCAN");
  CHECK(stage.call(0, {}) ==
        "ERR unknown command ''; this database knows PING, GET, SET, DEL, INCR, EXISTS, PUBLISH and, of entries with "
        "versions, VGET, VPUT, VCREATE, VREMOVE, VNUMBER and VSCAN");
}

TEST_CASE("keys go where Redis puts them") {
  VirtualLoop loop;
  VirtualClock clock(loop);
  const Cluster cluster(clock, {});
  CHECK(cluster.partition_of("123456789") == Partition{12739});
  CHECK(cluster.partition_of("{user1000}.following") == cluster.partition_of("user1000"));
  CHECK(cluster.partition_of("foo{}{bar}") == Partition{8363});
}

TEST_CASE("keys of two partitions in one command are refused") {
  Stage stage;
  CHECK(stage.call(0, {"DEL", stage.key(0), stage.key(1)}) == "CROSSSLOT Keys in request don't hash to the same slot");
}

TEST_CASE("a node that does not own the partition names the one that does") {
  Stage stage;
  const auto moved =
      "MOVED " + std::to_string(stage.cluster.partition_of(stage.key()).value) + " " + stage.cluster.endpoint(0).text();
  CHECK(stage.call(1, {"GET", stage.key()}) == moved);
  CHECK(stage.call(3, {"GET", stage.key()}) == moved);
}

TEST_CASE("a write reaches the replica within the replication lag") {
  Stage stage;
  REQUIRE(stage.call(0, {"SET", stage.key(), "v"}) == "OK");
  stage.pass(2ms);
  CHECK(stage.cluster.value_at(3, stage.key()) == "v");
  CHECK(stage.cluster.in_sync(3));
}

TEST_CASE("an acknowledged write that has not reached the replica when its primary dies is gone") {
  ClusterSettings slow = small();
  slow.replication_lag = 1h;
  Stage stage(slow);
  REQUIRE(stage.call(0, {"SET", stage.key(), "v"}) == "OK");
  stage.cluster.kill(0);
  REQUIRE(stage.eventually([&] { return stage.cluster.promoted(3); }));
  CHECK(stage.call(3, {"GET", stage.key()}) == "nil");
}

TEST_CASE("writes arrive at the replica in the order in which they were made") {
  Stage stage;
  for (int i = 0; i < 100; ++i) {
    stage.call(0, {"SET", stage.key(), std::to_string(i)});
    const auto before = stage.cluster.value_at(3, stage.key());
    stage.pass(50us);
    const auto after = stage.cluster.value_at(3, stage.key());
    REQUIRE(std::stoi(before.value_or("-1")) <= std::stoi(after.value_or("-1")));
  }
}

TEST_CASE("a message is heard on every node, wherever it was published") {
  Stage stage;
  std::vector<std::string> heard;
  stage.cluster.observe({.lost = {},
                         .demoted = {},
                         .message = [&](const Endpoint& at, const std::string& channel, const std::string& message) {
                           heard.push_back(at.text() + " " + channel + " " + message);
                         }});
  stage.cluster.kill(5);
  stage.call(2, {"PUBLISH", "c", "m"});
  stage.pass(1ms);
  CHECK(heard.size() == 5);
  CHECK(std::count(heard.begin(), heard.end(), stage.cluster.endpoint(4).text() + " c m") == 1);
}
