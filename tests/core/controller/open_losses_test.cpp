#include "controller/open_losses.hpp"

#include "controller/restarts.hpp"
#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

PartitionMap<Mark> failed_over(Loss loss = Loss::unknown) {
  auto out = three_shards().marks;
  Mark m = mark(4, 0, "r1", "stream-r1");
  m.cause = Cause::failover;
  m.old_owner = {"p1"};
  m.loss = loss;
  out.set(range(0, 99), m);
  return out;
}

OpenLosses told(bool followed) {
  OpenLosses out;
  const auto handled = std::optional(three_shards().marks);
  auto event = due_restarts(failed_over(), handled, followed).at(0);
  event.id = "c-1";
  out.told(event, failed_over(), handled, followed);
  return out;
}

}  // namespace

TEST_CASE("a loss that becomes known is told once, with the id of the dbrestart") {
  auto losses = told(true);
  REQUIRE(losses.learn(failed_over()).empty());
  const auto known = losses.learn(failed_over(Loss::none));
  REQUIRE(known.size() == 1);
  REQUIRE(known[0].id == "c-1");
  REQUIRE(known[0].loss == Loss::none);
  REQUIRE(known[0].partitions == set_of({range(0, 99)}));
  REQUIRE(losses.learn(failed_over(Loss::none)).empty());
}

TEST_CASE("who has not followed every change is not told none, but is told possible") {
  auto away = told(false);
  REQUIRE(away.learn(failed_over(Loss::none)).empty());
  auto lost = told(false);
  REQUIRE(lost.learn(failed_over(Loss::possible)).at(0).loss == Loss::possible);
}

TEST_CASE("another change before the loss became known leaves it unknown") {
  auto losses = told(true);
  auto next = failed_over();
  next.set(range(0, 49), mark(6, 0, "p1", "later"));
  REQUIRE(losses.learn(next).empty());
  REQUIRE(losses.learn(failed_over(Loss::none)).empty());
}

TEST_CASE("a mark that bears its loss already: none only for who has followed, and directly after what was handled") {
  const auto marks = failed_over(Loss::none);
  auto handled = three_shards().marks;
  REQUIRE(due_restarts(marks, handled, true).at(0).loss == Loss::none);
  REQUIRE(due_restarts(marks, handled, false).at(0).loss == Loss::unknown);
  handled.set(range(0, 99), mark(3, 5, "r1", "another"));
  REQUIRE(due_restarts(marks, handled, true).at(0).loss == Loss::unknown);
  REQUIRE(due_restarts(failed_over(Loss::possible), handled, false).at(0).loss == Loss::possible);
}

namespace {

/// Shard 1 was told as c-1, shard 2 afterwards; c-3 stands for both.
struct Merged {
  OpenLosses losses = told(true);
  PartitionMap<Mark> marks = failed_over();
  DbRestart whole;

  Merged() {
    const auto handled = std::optional(marks);
    marks.set(range(100, 199), shard_2());
    auto event = due_restarts(marks, handled, true).at(0);
    DbRestart replaced = due_restarts(failed_over(), std::optional(three_shards().marks), true).at(0);
    replaced.id = "c-1";
    whole = dbha::merged({replaced, event});
    event.id = whole.id = "c-3";
    losses.told(event, marks, handled, true);
    losses.merge({replaced}, whole);
  }
  static Mark shard_2(Loss loss = Loss::unknown) {
    Mark m = mark(5, 0, "r2", "stream-r2");
    m.old_owner = {"p2"};
    m.loss = loss;
    m.old_offset = loss == Loss::possible ? 70 : -1;
    return m;
  }
  std::vector<LossKnown> learn(Loss first, Loss second) {
    auto now = failed_over(first);
    now.set(range(100, 199), shard_2(second));
    return losses.learn(now);
  }
};

}  // namespace

TEST_CASE("one event for two changes: none is told when it is known of both, under the id of that event") {
  Merged m;
  REQUIRE(m.learn(Loss::none, Loss::unknown).empty());
  REQUIRE(m.learn(Loss::unknown, Loss::none).empty());
  const auto known = m.learn(Loss::none, Loss::none);
  REQUIRE(known.size() == 1);
  REQUIRE(known[0].id == "c-3");
  REQUIRE(known[0].loss == Loss::none);
  REQUIRE(known[0].partitions == set_of({range(0, 199)}));
}

TEST_CASE("one event for two changes: possible is told as soon as one is, with its offsets") {
  Merged m;
  const auto known = m.learn(Loss::none, Loss::possible);
  REQUIRE(known.at(0).loss == Loss::possible);
  REQUIRE(known.at(0).old_offset == 70);
  REQUIRE(m.learn(Loss::possible, Loss::possible).empty());
}

TEST_CASE("one event for two changes: one is replaced, the other may still be possible") {
  Merged m;
  auto now = failed_over(Loss::none);
  now.set(range(0, 99), mark(7, 0, "p1", "later"));
  now.set(range(100, 199), Merged::shard_2());
  REQUIRE(m.losses.learn(now).empty());
  now.set(range(100, 199), Merged::shard_2(Loss::possible));
  REQUIRE(m.losses.learn(now).at(0).loss == Loss::possible);
}

TEST_CASE("one event for a change there and back: the marks cannot prove that the first lost nothing") {
  OpenLosses losses = told(true);
  auto marks = failed_over();
  Mark back = mark(6, 0, "p1", "later");
  back.old_owner = {"r1"};
  marks.set(range(0, 99), back);
  DbRestart first = due_restarts(failed_over(), std::optional(three_shards().marks), true).at(0);
  first.id = "c-1";
  auto second = due_restarts(marks, std::optional(failed_over()), true).at(0);
  auto whole = dbha::merged({first, second});
  second.id = whole.id = "c-2";
  losses.told(second, marks, std::optional(failed_over()), true);
  losses.merge({first}, whole);
  back.loss = Loss::none;
  marks.set(range(0, 99), back);
  REQUIRE(losses.learn(marks).empty());
}

// As after a restart of the process.
TEST_CASE("one event for a change that nobody watches: none is never told") {
  OpenLosses losses;
  const auto handled = std::optional(failed_over());
  auto marks = failed_over();
  marks.set(range(100, 199), Merged::shard_2());
  DbRestart before = due_restarts(failed_over(), std::optional(three_shards().marks), true).at(0);
  before.id = "c-1";
  auto event = due_restarts(marks, handled, true).at(0);
  auto whole = dbha::merged({before, event});
  event.id = whole.id = "c-2";
  losses.told(event, marks, handled, true);
  losses.merge({before}, whole);
  marks.set(range(100, 199), Merged::shard_2(Loss::none));
  REQUIRE(losses.learn(marks).empty());
}
