#include "controller/hold_down.hpp"

#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::test;
using std::chrono::seconds;

namespace {

/// One handler: what it has handled goes from one step to the next, as in the store.
struct Handler {
  explicit Handler(Duration length) : hold_down(length) {}
  std::vector<DbRestart> at(Duration since, const PartitionMap<Mark>& marks) {
    auto [events, trailing, now_handled] = hold_down.take(marks, handled, true, TimePoint(seconds(100)) + since);
    handled = std::move(now_handled);
    merged = trailing;
    return events;
  }
  HoldDown hold_down;
  std::size_t merged = 0;
  std::optional<PartitionMap<Mark>> handled = three_shards().marks;
};

PartitionMap<Mark> change(PartitionMap<Mark> marks, std::uint64_t epoch, const char* from, const char* to,
                          std::int64_t healthy, PartitionRange where = range(0, 99)) {
  Mark m = mark(epoch, 0, to, "stream-" + std::to_string(epoch));
  m.cause = Cause::failover;
  m.old_owner = {from};
  m.last_healthy_ms = healthy;
  marks.set(where, m);
  return marks;
}

}  // namespace

TEST_CASE("a shard flaps: its first dbrestart goes out at once, the later ones are one at the end of the hold-down") {
  Handler h(seconds(10));
  auto marks = change(three_shards().marks, 4, "p1", "r1", 1000);
  REQUIRE(h.at(seconds(0), marks).size() == 1);
  marks = change(marks, 5, "r1", "p1", 2000);
  REQUIRE(h.at(seconds(2), marks).empty());
  REQUIRE(h.hold_down.held() == set_of({range(0, 99)}));
  marks = change(marks, 6, "p1", "r1", 3000);
  REQUIRE(h.at(seconds(4), marks).empty());
  REQUIRE(h.hold_down.due() == TimePoint(seconds(110)));
  const auto last = h.at(seconds(10), marks);
  REQUIRE(last.size() == 1);
  CHECK(h.merged == 1);
  CHECK(last[0].epoch.value == 6);
  CHECK(last[0].old_primary.value == "p1");
  CHECK(last[0].new_primary.value == "r1");
  CHECK(last[0].last_healthy_ms == 2000);
  CHECK(last[0].partitions == set_of({range(0, 99)}));
  CHECK_FALSE(h.hold_down.due());
  REQUIRE(h.at(seconds(30), marks).empty());
}

TEST_CASE("the trailing dbrestart begins a hold-down of its own") {
  Handler h(seconds(10));
  auto marks = change(three_shards().marks, 4, "p1", "r1", 0);
  h.at(seconds(0), marks);
  marks = change(marks, 5, "r1", "p1", 0);
  h.at(seconds(1), marks);
  REQUIRE(h.at(seconds(10), marks).size() == 1);
  REQUIRE(h.at(seconds(11), change(marks, 6, "p1", "r1", 0)).empty());
}

TEST_CASE("another shard is not held back by the first one's hold-down") {
  Handler h(seconds(10));
  auto marks = change(three_shards().marks, 4, "p1", "r1", 0);
  h.at(seconds(0), marks);
  marks = change(marks, 5, "p2", "r2", 0, range(100, 199));
  REQUIRE(h.at(seconds(1), marks).size() == 1);
}

TEST_CASE("a change of more partitions than are held goes out at once for the others") {
  Handler h(seconds(10));
  auto marks = change(three_shards().marks, 4, "p1", "r1", 0);
  h.at(seconds(0), marks);
  marks = change(marks, 5, "p2", "r2", 0, range(50, 149));
  const auto now = h.at(seconds(1), marks);
  REQUIRE(now.size() == 1);
  REQUIRE(now[0].partitions == set_of({range(100, 149)}));
  const auto later = h.at(seconds(10), marks);
  REQUIRE(later.size() == 1);
  REQUIRE(later[0].partitions == set_of({range(50, 99)}));
}

TEST_CASE("what is held back is not handled: another process finds it due") {
  Handler h(seconds(10));
  auto marks = change(three_shards().marks, 4, "p1", "r1", 0);
  h.at(seconds(0), marks);
  marks = change(marks, 5, "r1", "p1", 0);
  REQUIRE(h.at(seconds(1), marks).empty());
  Handler again(seconds(10));
  again.handled = h.handled;
  const auto events = again.at(seconds(2), marks);
  REQUIRE(events.size() == 1);
  REQUIRE(events[0].epoch.value == 5);
}

TEST_CASE("a loss that one held change is known to have had is told at the end, and none is never told") {
  Handler h(seconds(10));
  auto marks = change(three_shards().marks, 4, "p1", "r1", 0);
  h.at(seconds(0), marks);
  marks = change(marks, 5, "r1", "p1", 0);
  auto lost = marks;
  Mark m = *lost.find({0});
  m.loss = Loss::possible;
  lost.set(range(0, 99), m);
  h.at(seconds(1), lost);
  marks = change(marks, 6, "p1", "r1", 0);
  m = *marks.find({0});
  m.loss = Loss::none;
  marks.set(range(0, 99), m);
  REQUIRE(h.at(seconds(10), marks).at(0).loss == Loss::possible);
}

TEST_CASE("the event of the start begins no hold-down, and a length of 0 holds nothing back") {
  Handler h(seconds(10));
  h.handled.reset();
  REQUIRE(h.at(seconds(0), three_shards().marks).size() == 1);
  REQUIRE(h.at(seconds(1), change(three_shards().marks, 4, "p1", "r1", 0)).size() == 1);
  Handler none(seconds(0));
  auto marks = change(three_shards().marks, 4, "p1", "r1", 0);
  REQUIRE(none.at(seconds(0), marks).size() == 1);
  REQUIRE(none.at(seconds(0), change(marks, 5, "r1", "p1", 0)).size() == 1);
}
