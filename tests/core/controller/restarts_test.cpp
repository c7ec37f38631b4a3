#include "controller/restarts.hpp"

#include "support/catch.hpp"
#include "support/sample_topology.hpp"
#include "topology/marks.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("a handler without memory gets one event for all partitions, cause start") {
  const auto events = due_restarts(three_shards().marks, std::nullopt);
  REQUIRE(events.size() == 1);
  REQUIRE(events[0].cause == Cause::start);
  REQUIRE(events[0].partitions == set_of({range(0, 299)}));
  REQUIRE(events[0].epoch.value == 3);
  REQUIRE(due_restarts({}, std::nullopt).empty());
}

TEST_CASE("a failover is one event for its partitions, and handled it is none") {
  const auto before = three_shards().marks;
  const auto after = after_failover(three_shards()).marks;
  const auto events = due_restarts(after, before);
  REQUIRE(events.size() == 1);
  REQUIRE(events[0].cause == Cause::failover);
  REQUIRE(events[0].partitions == set_of({range(0, 99)}));
  REQUIRE(events[0].old_primary.value == "p1");
  REQUIRE(events[0].new_primary.value == "r1");
  REQUIRE(events[0].epoch.value == 4);
  REQUIRE(due_restarts(after, handle_marks(before, after)).empty());
}

TEST_CASE("a failover there and back while the controller was away is an event: the mark is another one (C5)") {
  const auto before = three_shards().marks;
  auto after = before;
  Mark back = mark(5, 0, "p1", "stream-after");
  back.old_owner = {"r1"};
  after.set(range(0, 99), back);
  const auto events = due_restarts(after, before);
  REQUIRE(events.size() == 1);
  REQUIRE(events[0].new_primary.value == "p1");
}

TEST_CASE("two shards that failed over are two events") {
  auto after = after_failover(three_shards()).marks;
  Mark second = mark(5, 0, "r2", "stream-r2@5");
  second.cause = Cause::failover;
  second.old_owner = {"p2"};
  after.set(range(100, 199), second);
  REQUIRE(due_restarts(after, three_shards().marks).size() == 2);
}

TEST_CASE("a restart of a shard whose partitions came to it at different times is one event") {
  auto before = three_shards().marks;
  before.set(range(90, 99), mark(7, 0, "p1", "stream-p1"));
  auto after = before;
  Mark restart = mark(1, 1, "p1", "after");
  restart.cause = Cause::restart;
  restart.old_owner = {"p1"};
  after.set(range(0, 89), restart);
  restart.epoch = {7};
  after.set(range(90, 99), restart);
  const auto events = due_restarts(after, before);
  REQUIRE(events.size() == 1);
  REQUIRE(events[0].partitions == set_of({range(0, 99)}));
  REQUIRE(events[0].epoch.value == 7);
}

TEST_CASE("a mark whose stream becomes known is no new event") {
  PartitionMap<Mark> handled;
  handled.set(range(0, 9), mark(5, 0, "a"));
  PartitionMap<Mark> marks;
  marks.set(range(0, 9), mark(5, 0, "a", "R"));
  REQUIRE(due_restarts(marks, handled).empty());
}

namespace {

DbRestart told(PartitionRange partitions, std::uint64_t epoch, const char* from, const char* to, std::int64_t healthy) {
  DbRestart out;
  out.partitions.set(partitions, {});
  out.epoch = {epoch};
  out.old_primary = {from};
  out.new_primary = {to};
  out.last_healthy_ms = healthy;
  return out;
}

}  // namespace

TEST_CASE("events of one shard as one: the newest change, the earliest time of health, the worst loss") {
  DbRestart first = told(range(0, 9), 4, "a", "b", 300);
  first.loss = Loss::possible;
  DbRestart second = told(range(0, 9), 4, "b", "b", 500);  // a restart in place raises no epoch
  second.cause = Cause::restart;
  second.loss = Loss::none;
  const auto one = merged({first, second});
  REQUIRE(one.cause == Cause::restart);
  REQUIRE(one.old_primary.value == "b");
  REQUIRE(one.new_primary.value == "b");
  REQUIRE(one.last_healthy_ms == 300);
  REQUIRE(one.loss == Loss::possible);
}

TEST_CASE("events of several shards as one name only the primaries that they have in common") {
  const auto one = merged({told(range(0, 9), 9, "a", "c", 0), told(range(10, 19), 4, "b", "c", 500)});
  REQUIRE(one.partitions == set_of({range(0, 19)}));
  REQUIRE(one.epoch.value == 9);
  REQUIRE(one.old_primary.value.empty());
  REQUIRE(one.new_primary.value == "c");
  REQUIRE(one.last_healthy_ms == 500);
}
