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
