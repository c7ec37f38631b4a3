// What waits for a busy handler becomes one event.
#include "hub_process.hpp"
#include "support/catch.hpp"
#include "topology/ranges.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

/// A handler that stays in each event it is told of until the gate opens.
struct Busy {
  Gate gate;
  Told told;
  HandlerThread::Handler handler() {
    return [this](const Event& event) {
      told.add(event);
      gate.pass();
      return true;
    };
  }
};

/// The second shard's owner has changed.
Topology second_moved(Topology topology, std::uint64_t epoch, Loss loss = Loss::unknown) {
  Mark m = mark(epoch, 0, "r2", "stream-r2");
  m.cause = Cause::failover;
  m.old_owner = {"p2"};
  m.loss = loss;
  m.last_healthy_ms = 500;
  topology.marks.set(range(100, 199), m);
  return topology;
}

/// A process whose handler is in its first event, that of the start.
struct BusyProcess {
  TempFolder folder;
  Busy busy;
  Process p{folder};
  explicit BusyProcess(const std::vector<std::string>& events = {"dbrestart"}) {
    p.hub->subscribe(events, "h", busy.handler());
    p.apply(three_shards());
    REQUIRE(busy.told.wait_for(1));
  }
  ~BusyProcess() { busy.gate.open(); }  // a test that fails ends, too
  std::vector<DbRestart> stored() { return p.store->pending("h"); }
  void finish() {
    busy.gate.open();
    REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && p.store->pending("h").empty(); }));
  }
};

}  // namespace

TEST_CASE("what a busy handler has not begun with becomes one event, in the store too") {
  BusyProcess b;
  auto topology = moved(three_shards(), 4, "p1", "r1");
  b.p.apply(topology);
  const auto first = b.stored().at(1).id;
  b.p.apply(topology = second_moved(topology, 5));
  b.p.apply(moved(topology, 6, "r1", "p1"));
  CHECK(b.p.hub->pending() == 2);
  const auto stored = b.stored();
  REQUIRE(stored.size() == 2);
  CHECK(text_of(stored[1].partitions) == "0-199");
  CHECK(stored[1].id != first);
  b.finish();
  REQUIRE(b.busy.told.events().size() == 2);
  const auto told = b.busy.told.restart(1);
  CHECK(told.id == stored[1].id);
  CHECK(told.epoch.value == 6);
  CHECK(told.cause == Cause::failover);
  CHECK(told.last_healthy_ms == 500);
  CHECK(told.old_primary.value.empty());  // two shards have no primary in common
  CHECK(told.new_primary.value.empty());
}

TEST_CASE("several changes of one shard that wait are one event with the newest primaries") {
  BusyProcess b;
  auto topology = moved(three_shards(), 4, "p1", "r1");
  b.p.apply(topology);
  b.p.apply(moved(topology, 6, "r1", "p1"));
  b.finish();
  REQUIRE(b.busy.told.events().size() == 2);
  CHECK(b.busy.told.restart(1).epoch.value == 6);
  CHECK(b.busy.told.restart(1).old_primary.value == "r1");
  CHECK(b.busy.told.restart(1).new_primary.value == "p1");
}

TEST_CASE("an event that runs, or has run in vain, is neither taken back nor changed") {
  TempFolder folder;
  Told told;
  Gate gate;
  Process p(folder);
  p.hub->subscribe({"dbrestart"}, "h", [&](const Event& event) {
    if (std::get<DbRestart>(event).cause == Cause::start) return true;
    told.add(event);
    if (told.events().size() == 2) gate.pass();
    return told.events().size() != 1;  // the first one is refused, and tried again
  });
  p.apply(three_shards());
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
  auto topology = moved(three_shards(), 4, "p1", "r1");
  p.apply(topology);
  REQUIRE(told.wait_for(2));
  p.apply(second_moved(topology, 5));
  gate.open();
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && p.store->pending("h").empty(); }));
  REQUIRE(told.events().size() == 3);
  CHECK(told.restart(1).id == told.restart(0).id);
  CHECK(text_of(told.restart(1).partitions) == "0-99");
  CHECK(text_of(told.restart(2).partitions) == "100-199");
}

TEST_CASE("a crash while events wait as one: that one is delivered again, not its parts") {
  TempFolder folder;
  std::string id;
  {
    Busy busy;
    Process p(folder);
    p.hub->subscribe({"dbrestart"}, "h", busy.handler());
    p.apply(three_shards());
    REQUIRE(busy.told.wait_for(1));
    auto topology = moved(three_shards(), 4, "p1", "r1");
    p.apply(topology);
    p.apply(second_moved(topology, 5));
    id = p.store->pending("h").at(1).id;
    auto threads = p.hub->unsubscribe_all();
    busy.gate.open();
  }
  Process p(folder);
  Told told;
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && p.store->pending("h").empty(); }));
  const auto events = told.events();
  REQUIRE_FALSE(events.empty());
  CHECK(std::get<DbRestart>(events.back()).id == id);
  CHECK(events.size() <= 2);  // the event of the start, where its end was not noted, and the one of all that waited
}

TEST_CASE("a hundred changes behind a handler that hangs are one run more, and none is missing") {
  BusyProcess b;
  auto topology = three_shards();
  const char* owners[] = {"p1", "r1"};
  for (std::uint64_t n = 0; n < 100; ++n)
    b.p.apply(topology = moved(topology, 4 + n, owners[n % 2], owners[1 - n % 2]));
  CHECK(b.p.hub->pending() == 2);
  b.finish();
  REQUIRE(b.busy.told.events().size() == 2);
  CHECK(b.busy.told.restart(1).epoch.value == 103);
}

TEST_CASE("a merged event has lost nothing only if that is known of each of its changes") {
  BusyProcess b({"dbrestart", "loss_known"});
  const auto topology = moved(three_shards(), 4, "p1", "r1");
  b.p.apply(topology);
  b.p.apply(second_moved(topology, 5));
  b.p.apply(second_moved(moved(three_shards(), 4, "p1", "r1", Loss::none), 5));
  CHECK(b.stored().at(1).loss == Loss::unknown);
  b.p.apply(second_moved(moved(three_shards(), 4, "p1", "r1", Loss::none), 5, Loss::none));
  CHECK(b.stored().at(1).loss == Loss::none);
  b.finish();
  REQUIRE(b.busy.told.events().size() == 2);
  CHECK(b.busy.told.restart(1).loss == Loss::none);
}

TEST_CASE("a merged event has lost something as soon as one of its changes has") {
  BusyProcess b;
  const auto topology = moved(three_shards(), 4, "p1", "r1");
  b.p.apply(topology);
  b.p.apply(second_moved(topology, 5));
  b.p.apply(second_moved(topology, 5, Loss::possible));
  CHECK(b.stored().at(1).loss == Loss::possible);
  b.finish();
}
