// A dbrestart by hand.
#include <dbha/error.hpp>

#include "hub_process.hpp"
#include "support/catch.hpp"
#include "topology/ranges.hpp"

using namespace dbha;
using namespace dbha::test;
using Catch::Matchers::Contains;

namespace {

/// A process whose handler "h" is done with its first start.
struct Started {
  TempFolder folder;
  Gate gate;
  Told told;
  Process p{folder};
  bool hangs = false;  ///< set before what it is to hang in

  Started() {
    p.hub->subscribe({"dbrestart", "loss_known"}, "h", [this](const Event& event) {
      told.add(event);
      if (hangs) gate.pass();
      return true;
    });
    p.apply(three_shards());
    REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && p.store->pending("h").empty(); }));
  }
  ~Started() { gate.open(); }
  void finish() {
    gate.open();
    REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && p.store->pending("h").empty(); }));
  }
};

}  // namespace

TEST_CASE("a resync by hand is stored when it returns, and told with cause manual and exactly these partitions") {
  Started s;
  s.hangs = true;
  Told other;
  s.p.hub->subscribe({"dbrestart"}, "other", telling(other));
  REQUIRE(s.p.turn_until([&] { return s.p.hub->pending() == 0; }));
  const auto event = s.p.hub->resync("h", set_of({range(10, 20), range(150, 160)}));
  const auto stored = s.p.store->pending("h");
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].id == event.id);
  s.finish();
  const auto told = s.told.restart(1);
  CHECK(told.id == event.id);
  CHECK(told.cause == Cause::manual);
  CHECK(told.cluster == "nb");
  CHECK(text_of(told.partitions) == "10-20,150-160");
  CHECK(told.loss == Loss::unknown);
  CHECK(other.events().size() == 1);
}

TEST_CASE("a resync by hand changes nothing of what is due: the next change is told, the last one is not again") {
  Started s;
  s.p.hub->resync("h", s.p.hub->partitions());
  s.finish();
  s.p.apply(three_shards());
  s.p.apply(after_failover(three_shards()));
  s.finish();
  REQUIRE(s.told.events().size() == 3);
  CHECK(s.told.restart(1).cause == Cause::manual);
  CHECK(s.told.restart(2).cause == Cause::failover);
}

TEST_CASE("a resync by hand becomes one with what waits, keeps its cause, and no evidence ends it") {
  Started s;
  s.hangs = true;
  s.p.hub->resync("h", set_of({range(0, 10)}));
  REQUIRE(s.told.wait_for(2));  // it hangs in this one
  s.p.apply(moved(three_shards(), 4, "p1", "r1"));
  const auto whole = s.p.hub->resync("h", set_of({range(150, 199)}));
  REQUIRE(s.p.store->pending("h").size() == 2);
  CHECK(whole.cause == Cause::failover);
  CHECK(text_of(whole.partitions) == "0-99,150-199");
  s.p.apply(moved(three_shards(), 4, "p1", "r1", Loss::none));
  CHECK(s.p.store->pending("h").at(1).loss == Loss::unknown);
  s.finish();
  REQUIRE(s.told.events().size() == 3);
  CHECK(s.told.restart(2).id == whole.id);
}

TEST_CASE("a resync by hand that waits becomes one with the change that comes, and nothing proven of that ends it") {
  Started s;
  s.hangs = true;
  s.p.hub->resync("h", set_of({range(0, 10)}));
  REQUIRE(s.told.wait_for(2));
  s.p.hub->resync("h", set_of({range(150, 199)}));
  s.p.apply(moved(three_shards(), 4, "p1", "r1"));
  s.p.apply(moved(three_shards(), 4, "p1", "r1", Loss::none));
  const auto stored = s.p.store->pending("h");
  REQUIRE(stored.size() == 2);
  CHECK(stored[1].cause == Cause::failover);
  CHECK(text_of(stored[1].partitions) == "0-99,150-199");
  CHECK(stored[1].loss == Loss::unknown);
  s.finish();
}

TEST_CASE("a resync by hand that cannot be is refused with its reason") {
  Started s;
  s.p.hub->subscribe({"view_stale"}, "deaf", [](const Event&) { return true; });
  CHECK_THROWS_WITH(s.p.hub->resync("nobody", set_of({range(0, 1)})),
                    "no handler 'nobody' hears dbrestart; there are h");
  CHECK_THROWS_WITH(s.p.hub->resync("deaf", set_of({range(0, 1)})), Contains("no handler 'deaf' hears dbrestart"));
  CHECK_THROWS_WITH(s.p.hub->resync("h", set_of({range(0, 300)})), "expected partitions of 0-299, found 0-300");
  CHECK_THROWS_WITH(s.p.hub->resync("h", {}), "expected partitions of 0-299, found none");
  TempFolder folder;
  Process fresh(folder);
  fresh.hub->subscribe({"dbrestart"}, "h", [](const Event&) { return true; });
  CHECK_THROWS_WITH(fresh.hub->resync("h", set_of({range(0, 1)})), Contains("no topology yet"));
}
