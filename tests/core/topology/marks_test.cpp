#include "topology/marks.hpp"

#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

PartitionMap<Mark> all(const Mark& m) {
  PartitionMap<Mark> out;
  out.set(range(0, 99), m);
  return out;
}

ReplId nobody(const NodeId&) {
  return {};
}

}  // namespace

TEST_CASE("marks with the same stream of writes are the same event, whatever their numbers") {
  REQUIRE(same_event(mark(5, 0, "a", "R"), mark(7, 3, "b", "R")));
  REQUIRE_FALSE(same_event(mark(5, 0, "a", "R"), mark(5, 0, "a", "S")));
}

TEST_CASE("a mark whose stream is not known yet is the same event as its completed form") {
  REQUIRE(same_event(mark(5, 1, "a"), mark(5, 1, "a", "R")));
  REQUIRE(same_event(mark(5, 1, "a", "R"), mark(5, 1, "a")));
  REQUIRE_FALSE(same_event(mark(5, 1, "a"), mark(5, 2, "a", "R")));
  REQUIRE_FALSE(same_event(mark(5, 1, "a"), mark(6, 1, "a", "R")));
  REQUIRE_FALSE(same_event(mark(5, 1, "a"), mark(5, 1, "b", "R")));
}

TEST_CASE("without streams epoch, count and owner decide") {
  REQUIRE(same_event(mark(5, 1, "a"), mark(5, 1, "a")));
  REQUIRE_FALSE(same_event(mark(5, 1, "a"), mark(5, 2, "a")));
}

TEST_CASE("marks are ordered by epoch, count, owner and stream, in this order, and not by their payload") {
  REQUIRE(newer(mark(6, 0, "a"), mark(5, 9, "z", "R")));
  REQUIRE(newer(mark(5, 2, "a"), mark(5, 1, "z", "R")));
  REQUIRE(newer(mark(5, 1, "b"), mark(5, 1, "a", "R")));
  REQUIRE(newer(mark(5, 1, "a", "R"), mark(5, 1, "a")));
  Mark other = mark(5, 1, "a", "R");
  other.cause = Cause::manual;
  other.last_healthy_ms = 7;
  REQUIRE_FALSE(newer(other, mark(5, 1, "a", "R")));
  REQUIRE_FALSE(newer(mark(5, 1, "a", "R"), other));
}

TEST_CASE("the epoch of a next mark never falls, and the count tells changes of one epoch apart") {
  const Mark first = next_mark(nullptr, claim("a", 5), {"R"}, Cause::start);
  REQUIRE(first == mark(5, 0, "a", "R"));
  const Mark restart = next_mark(&first, claim("a", 5), {"S"}, Cause::restart);
  REQUIRE(restart.epoch.value == 5);
  REQUIRE(restart.count == 1);
  REQUIRE(restart.old_owner.value == "a");
  const Mark failover = next_mark(&restart, claim("b", 9), {}, Cause::failover);
  REQUIRE(failover.epoch.value == 9);
  REQUIRE(failover.count == 0);
  REQUIRE(failover.replid.empty());
  const Mark overruled = next_mark(&failover, claim("c", 3), {"T"}, Cause::overruled);
  REQUIRE(overruled.epoch.value == 9);
  REQUIRE(overruled.count == 1);
  for (const auto& [later, earlier] : {std::pair{restart, first}, {failover, restart}, {overruled, failover}}) {
    REQUIRE(newer(later, earlier));
    REQUIRE_FALSE(same_event(later, earlier));
  }
}

TEST_CASE("a stream that already is the mark gets the epoch added, and no two changes of it are one event") {
  const Mark first = mark(5, 0, "a", "R");
  const Mark second = next_mark(&first, claim("b", 6), {"R"}, Cause::failover);
  REQUIRE(second.replid.value == "R@6");
  const Mark third = next_mark(&second, claim("c", 7), {"R"}, Cause::failover);
  const Mark fourth = next_mark(&third, claim("c", 7), {"R"}, Cause::restart);
  REQUIRE(third.replid.value == "R@7");
  const Mark marks[] = {first, second, third, fourth};
  for (const auto& a : marks)
    for (const auto& b : marks) REQUIRE(same_event(a, b) == (a == b));
}

TEST_CASE("joined marks are the greatest of each partition, and what one side alone knows stays") {
  PartitionMap<Mark> a = all(mark(5, 0, "a", "R"));
  PartitionMap<Mark> b;
  b.set(range(50, 149), mark(6, 0, "b", "S"));
  const auto joined = join_marks(a, b, nobody);
  REQUIRE(joined == join_marks(b, a, nobody));
  REQUIRE(joined == join_marks(joined, a, nobody));
  REQUIRE(joined.find({0})->owner.value == "a");
  REQUIRE(joined.find({50})->owner.value == "b");
  REQUIRE(joined.find({149})->owner.value == "b");
}

TEST_CASE("of two marks that differ in their stream alone the one joins that its owner writes now") {
  // All detectors have lost their stores, the node has started again empty meanwhile: they count from 0 anew.
  const auto before = all(mark(5, 0, "a", "S"));
  const auto after = all(mark(5, 0, "a", "R"));
  const auto writes = [](const std::string& stream) {
    return [stream](const NodeId& id) { return id.value == "a" ? ReplId{stream} : ReplId{}; };
  };
  REQUIRE(join_marks(before, after, writes("R")) == after);
  REQUIRE(join_marks(after, before, writes("R")) == after);
  REQUIRE(join_marks(after, before, writes("S")) == before);
  REQUIRE(join_marks(after, before, nobody) == join_marks(before, after, nobody));
  const auto changed = all(mark(5, 0, "a", "R@5"));
  REQUIRE(join_marks(before, changed, writes("R")) == changed);
  const auto counted = all(mark(5, 1, "a", "T"));
  REQUIRE(join_marks(after, counted, writes("R")) == counted);
}

TEST_CASE("due are exactly the partitions whose mark is another event than the handled one") {
  PartitionMap<Mark> marks = all(mark(5, 0, "a", "R"));
  REQUIRE(due(marks, marks).empty());
  REQUIRE(due(marks, {}) == set_of({range(0, 99)}));
  PartitionMap<Mark> handled = marks;
  marks.set(range(10, 19), mark(6, 0, "b", "S"));
  marks.set(range(30, 39), mark(6, 0, "c"));
  REQUIRE(due(marks, handled) == set_of({range(10, 19), range(30, 39)}));
  handled.set(range(200, 299), mark(1, 0, "z"));
  REQUIRE(due(marks, handled) == set_of({range(10, 19), range(30, 39)}));
}

TEST_CASE("what has been handled is not due again, even where the new mark counts lower than the old one") {
  // a detector lost its store: it counts anew
  const auto handled = all(mark(5, 3, "a", "R"));
  const auto marks = all(mark(5, 0, "a", "S"));
  REQUIRE(due(marks, handled) == set_of({range(0, 99)}));
  REQUIRE(due(marks, handle_marks(handled, marks)).empty());
}

TEST_CASE("of two forms of one handled event the complete one is kept") {
  const auto known = all(mark(5, 0, "a", "R"));
  const auto unknown = all(mark(5, 0, "a"));
  REQUIRE(handle_marks(known, unknown) == known);
  REQUIRE(handle_marks(unknown, known) == known);
}

TEST_CASE("of one and the same mark a known loss wins over an unknown one, possible over none, in any order") {
  PartitionMap<Mark> maps[3];
  const Loss losses[] = {Loss::unknown, Loss::none, Loss::possible};
  for (int i = 0; i < 3; ++i) {
    Mark m = mark(4, 0, "r1", "stream");
    m.loss = losses[i];
    maps[i].set(range(0, 99), m);
  }
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) REQUIRE(join_marks(maps[i], maps[j], nobody) == maps[std::max(i, j)]);
  PartitionMap<Mark> newer_one;
  newer_one.set(range(0, 99), mark(5, 0, "p1", "later"));
  REQUIRE(join_marks(maps[2], newer_one, nobody) == newer_one);
}
