// A fleet's handlers begin with a dbrestart one after the other, not all at once.
#include "detector/resync_window.hpp"

#include "hub_process.hpp"
#include "support/catch.hpp"
#include "topology/ranges.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

constexpr Duration so_long = std::chrono::hours(1);

std::string partitions_of(const Told& told, std::size_t i) {
  return text_of(told.restart(i).partitions);
}

struct WaitingProcess {
  TempFolder folder;
  Told told;
  Process p{folder};
  WaitingProcess() {
    p.hub->subscribe({"dbrestart", "view_stale"}, "h", telling(told));
    p.apply(three_shards());
    REQUIRE(told.wait_for(1));
    REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && p.store->pending("h").empty(); }));
    p.hub->spread_over(so_long);
  }
  EventHub::HandlerState handler() const { return p.hub->handlers().front(); }
};

}  // namespace

TEST_CASE("the window follows the fleet's size and the database's health, and has an end") {
  const Duration spacing = milliseconds(50);
  REQUIRE(resync_window(0, DetectorStatus::ok, spacing) == Duration(0));
  REQUIRE(resync_window(1, DetectorStatus::ok, spacing) == Duration(0));
  REQUIRE(resync_window(201, DetectorStatus::ok, spacing) == seconds(10));
  REQUIRE(resync_window(201, DetectorStatus::degraded, spacing) == seconds(20));
  REQUIRE(resync_window(201, DetectorStatus::ok, Duration(0)) == Duration(0));
  REQUIRE(resync_window(SIZE_MAX / 4, DetectorStatus::suspect, std::chrono::minutes(1)) == std::chrono::hours(1));
}

TEST_CASE("a dbrestart waits for its moment, stored and shown, while other events go on") {
  WaitingProcess w;
  w.p.apply(moved(three_shards(), 4, "p1", "r1"));
  REQUIRE(w.p.store->pending("h").size() == 1);
  REQUIRE(w.handler().work.pending == 1);
  REQUIRE(w.handler().work.begins_at);
  REQUIRE(*w.handler().work.begins_at <= std::chrono::steady_clock::now() + so_long);
  w.p.hub->emit(ViewStale{});
  REQUIRE(w.told.wait_for(2));
  REQUIRE(std::holds_alternative<ViewStale>(w.told.events().at(1)));
}

TEST_CASE("what comes before its moment becomes one event with it, which keeps the moment") {
  WaitingProcess w;
  auto topology = moved(three_shards(), 4, "p1", "r1");
  w.p.apply(topology);
  const auto moment = w.handler().work.begins_at;
  REQUIRE(moment);
  for (std::uint64_t epoch = 5; epoch < 30; ++epoch) {
    Mark m = mark(epoch, 0, "p3", "stream-" + std::to_string(epoch));
    m.cause = Cause::restart;
    topology.marks.set(range(200, 299), m);
    w.p.apply(topology);
  }
  REQUIRE(w.handler().work.pending == 1);
  REQUIRE(w.handler().work.begins_at <= moment);  // earlier only where a later one's moment was
  REQUIRE(text_of(w.p.store->pending("h").at(0).partitions) == "0-99,200-299");
}

TEST_CASE("a resync by hand is done at once, with what waited") {
  WaitingProcess w;
  w.p.apply(moved(three_shards(), 4, "p1", "r1"));
  PartitionSet by_hand;
  by_hand.set(range(200, 209), {});
  w.p.hub->resync("h", by_hand);
  REQUIRE(w.told.wait_for(2));
  REQUIRE(partitions_of(w.told, 1) == "0-99,200-209");
}

TEST_CASE("what one topology brings waits for one moment, and keeps its order") {
  TempFolder folder;
  Told told;
  Process p(folder);
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  p.apply(three_shards());
  REQUIRE(told.wait_for(1));
  REQUIRE(p.turn_until([&] { return p.store->pending("h").empty(); }));
  auto topology = three_shards();
  for (std::uint64_t epoch = 4; epoch < 24; epoch += 3) {
    for (std::uint32_t shard = 0; shard < 3; ++shard) {
      const std::string owner = "p" + std::to_string(shard + 1);
      Mark m = mark(epoch + shard, 0, owner.c_str(), owner + "-" + std::to_string(epoch));
      m.cause = Cause::restart;
      topology.marks.set(range(100 * shard, 100 * shard + 99), m);
    }
    p.hub->spread_over(milliseconds(20));
    const auto before = told.events().size();
    p.apply(topology);
    REQUIRE(told.wait_for(before + 3));
    for (std::size_t i = 0; i < 3; ++i)
      REQUIRE(told.restart(before + i).partitions.begin()->range.first.value == 100 * i);
    REQUIRE(p.turn_until([&] { return p.store->pending("h").empty(); }));
  }
}

TEST_CASE("two processes of a fleet begin at different moments") {
  WaitingProcess a;
  WaitingProcess b;
  a.p.apply(moved(three_shards(), 4, "p1", "r1"));
  b.p.apply(moved(three_shards(), 4, "p1", "r1"));
  REQUIRE(a.handler().work.begins_at != b.handler().work.begins_at);
}

TEST_CASE("without a window, and for a handler that does nothing with the database, a dbrestart is told at once") {
  TempFolder folder;
  Told told;
  Told journal;
  Process p(folder);
  p.hub->spread_over(so_long);
  p.hub->subscribe({"dbrestart"}, "journal", telling(journal), {.at_once = true});
  p.apply(three_shards());
  REQUIRE(journal.wait_for(1));
  p.hub->spread_over({});
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  REQUIRE(told.wait_for(1));
}
