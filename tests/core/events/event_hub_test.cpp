#include "events/event_hub.hpp"

#include <dbha/error.hpp>

#include "hub_process.hpp"
#include "support/catch.hpp"
#include "topology/ranges.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("an event is stored before it is delivered, and struck off once the handler is done") {
  TempFolder folder;
  Process p(folder);
  Gate gate;
  Told told;
  p.hub->subscribe({"dbrestart"}, "h", [&](const Event& event) {
    told.add(event);
    gate.pass();
    return true;
  });
  p.apply(three_shards());
  REQUIRE(told.wait_for(1));
  REQUIRE(told.restart(0).cause == Cause::start);
  REQUIRE(told.restart(0).cluster == "nb");
  const auto stored = p.store->pending("h");
  REQUIRE(stored.size() == 1);
  REQUIRE(stored[0].id == told.restart(0).id);
  REQUIRE(p.hub->pending() == 1);
  gate.open();
  REQUIRE(p.turn_until([&] { return p.store->pending("h").empty(); }));
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
}

TEST_CASE("the same change heard twice is told once, another change once more") {
  TempFolder folder;
  Process p(folder);
  Told told;
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  p.apply(three_shards());
  p.apply(three_shards());
  p.apply(after_failover(three_shards()));
  p.apply(after_failover(three_shards()));
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && told.events().size() >= 2; }));
  REQUIRE(told.events().size() == 2);
  REQUIRE(told.restart(1).cause == Cause::failover);
  REQUIRE(told.restart(1).partitions == set_of({range(0, 99)}));
}

TEST_CASE("a crash before the event was struck off: it is delivered again, under the same id, and once more only") {
  TempFolder folder;
  std::string id;
  {
    Process p(folder);
    Told told;
    p.hub->subscribe({"dbrestart"}, "h", telling(told));
    p.apply(three_shards());
    REQUIRE(told.wait_for(1));
    id = told.restart(0).id;
  }  // its loop never ran: nothing was struck off
  Process p(folder);
  Told told;
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  REQUIRE(told.wait_for(1));
  REQUIRE(told.restart(0).id == id);
  p.apply(three_shards());
  REQUIRE(p.turn_until([&] { return p.store->pending("h").empty() && p.hub->pending() == 0; }));
  REQUIRE(told.events().size() == 1);
}

TEST_CASE("what happened while the process was down is told at its start, what was handled is not") {
  TempFolder folder;
  {
    Process p(folder);
    Told told;
    p.hub->subscribe({"dbrestart"}, "h", telling(told));
    p.apply(three_shards());
    REQUIRE(p.turn_until([&] { return told.events().size() == 1 && p.store->pending("h").empty(); }));
  }
  Process p(folder);
  p.apply(after_failover(three_shards()));  // before anybody has subscribed
  Told told;
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  REQUIRE(told.wait_for(1));
  REQUIRE(told.restart(0).cause == Cause::failover);
  Told other;
  p.hub->subscribe({"dbrestart"}, "new", telling(other));
  REQUIRE(other.wait_for(1));
  REQUIRE(other.restart(0).cause == Cause::start);
  REQUIRE(told.events().size() == 1);
}

TEST_CASE("a detector that counts its marks anew leads to one event, not to one with each topology") {
  TempFolder folder;
  Process p(folder);
  Told told;
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  Topology before = three_shards();
  before.marks.set(range(0, 99), mark(1, 5, "p1", "R"));
  p.apply(before);
  Topology after = three_shards();
  after.marks.set(range(0, 99), mark(1, 0, "p1", "S"));
  for (int i = 0; i < 5; ++i) p.apply(after);
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && told.events().size() >= 2; }));
  REQUIRE(told.events().size() == 2);
}

TEST_CASE("a handler that says false or throws is told again until it is done") {
  TempFolder folder;
  Process p(folder);
  Told told;
  p.hub->subscribe({"dbrestart"}, "h", [&](const Event& event) -> bool {
    told.add(event);
    switch (told.events().size()) {
      case 1:
        return false;
      case 2:
        throw Error("no luck");
      case 3:
        throw 42;
      default:
        return true;
    }
  });
  p.apply(three_shards());
  REQUIRE(p.turn_until([&] { return p.store->pending("h").empty(); }));
  REQUIRE(told.events().size() == 4);
  for (std::size_t i = 1; i < 4; ++i) REQUIRE(told.restart(i).id == told.restart(0).id);
  REQUIRE(p.log.contains("reason=it returned false"));
  REQUIRE(p.log.contains("reason=no luck"));
  REQUIRE(p.log.contains("reason=an exception of an unknown type"));
}

TEST_CASE("a handler that hangs holds up no other") {
  TempFolder folder;
  Gate gate;
  Process p(folder);
  Told told;
  p.hub->subscribe({"dbrestart"}, "stuck", [&](const Event&) {
    gate.pass();
    return true;
  });
  p.hub->subscribe({"dbrestart"}, "free", telling(told));
  p.apply(three_shards());
  p.apply(after_failover(three_shards()));
  REQUIRE(told.wait_for(2));
  REQUIRE(p.turn_until([&] { return p.store->pending("free").empty(); }));
  REQUIRE(p.store->pending("stuck").size() == 2);
  gate.open();
  REQUIRE(p.turn_until([&] { return p.store->pending("stuck").empty(); }));
}

TEST_CASE("a handler hears the events that it subscribed to, and no others") {
  TempFolder folder;
  Process p(folder);
  Told stale;
  Told restarts;
  p.hub->subscribe({"view_stale", "view_fresh"}, "s", telling(stale));
  p.hub->subscribe({"dbrestart"}, "r", telling(restarts));
  p.hub->emit(ViewStale{"nb", seconds(3)});
  p.hub->emit(TopologyChanged{});
  p.hub->emit(ViewFresh{"nb"});
  p.apply(three_shards());
  REQUIRE(stale.wait_for(2));
  REQUIRE(restarts.wait_for(1));
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
  REQUIRE(stale.events().size() == 2);
  REQUIRE(restarts.events().size() == 1);
}

TEST_CASE("an unknown event and a name in use are refused with what to do, and after an end the name is free") {
  TempFolder folder;
  Process p(folder);
  Told told;
  REQUIRE_THROWS_WITH(p.hub->subscribe({"dbrestat"}, "h", telling(told)),
                      "there is no event 'dbrestat'; there are dbrestart, topology_changed, view_stale, view_fresh, "
                      "subscription_interrupted, loss_known");
  const auto id = p.hub->subscribe({"dbrestart"}, "h", telling(told));
  p.hub->subscribe({"topology_changed"}, "h", telling(told));  // another event: no confusion
  REQUIRE_THROWS_WITH(p.hub->subscribe({"dbrestart"}, "h", telling(told)),
                      "a handler named 'h' is told of dbrestart already: give this one another name");
  p.hub->unsubscribe(id).reset();
  REQUIRE_FALSE(p.hub->unsubscribe(id));
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  REQUIRE(p.hub->handlers().size() == 2);
}

TEST_CASE("a handler may end its own subscription") {
  TempFolder folder;
  Process p(folder);
  Told told;
  std::unique_ptr<HandlerThread> own;
  Gate gate;
  const auto id = p.hub->subscribe({"dbrestart"}, "h", [&](const Event& event) {
    gate.pass();
    own.reset();
    told.add(event);
    return true;
  });
  p.apply(three_shards());
  own = p.hub->unsubscribe(id);
  gate.open();
  REQUIRE(told.wait_for(1));
  REQUIRE(p.turn_until([&] { return p.store->pending("h").empty(); }));
}

TEST_CASE("a flapping shard's later changes are told once, when the hold-down ends by the loop's own timer") {
  TempFolder folder;
  Process p(folder, milliseconds(300));
  Told told;
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  auto topology = three_shards();
  p.apply(topology);
  p.apply(topology = moved(topology, 4, "p1", "r1"));
  p.apply(topology = moved(topology, 5, "r1", "p1"));
  p.apply(topology = moved(topology, 6, "p1", "r1"));
  REQUIRE(text_of(p.hub->handlers().at(0).held) == "0-99");
  REQUIRE(p.turn_until([&] { return told.events().size() == 3; }));
  REQUIRE(told.restart(1).epoch.value == 4);
  REQUIRE(told.restart(2).epoch.value == 6);
  REQUIRE(p.hub->handlers().at(0).held.empty());
}

TEST_CASE("a restart of the process within a hold-down loses nothing: what was held is told at once") {
  TempFolder folder;
  auto topology = three_shards();
  {
    Process p(folder, seconds(60));
    Told told;
    p.hub->subscribe({"dbrestart"}, "h", telling(told));
    p.apply(topology);
    p.apply(topology = moved(topology, 4, "p1", "r1"));
    p.apply(topology = moved(topology, 5, "r1", "p1"));
    REQUIRE(p.turn_until([&] { return told.events().size() == 2 && p.store->pending("h").empty(); }));
  }
  Process p(folder, seconds(60));
  Told told;
  p.hub->subscribe({"dbrestart"}, "h", telling(told));
  p.apply(topology);
  REQUIRE(told.wait_for(1));
  REQUIRE(told.restart(0).epoch.value == 5);
}

TEST_CASE("a loss that becomes known is told in a message of its own, once, and nothing is delivered again") {
  TempFolder folder;
  Process p(folder);
  Told told;
  p.hub->subscribe({"dbrestart", "loss_known"}, "h", telling(told));
  p.apply(three_shards());
  p.apply(moved(three_shards(), 4, "p1", "r1"));
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && told.events().size() == 2; }));
  p.apply(moved(three_shards(), 4, "p1", "r1", Loss::none));
  p.apply(moved(three_shards(), 4, "p1", "r1", Loss::none));
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
  REQUIRE(told.events().size() == 3);
  const auto known = std::get<LossKnown>(told.events()[2]);
  REQUIRE(known.id == told.restart(1).id);
  REQUIRE(known.loss == Loss::none);
}

TEST_CASE("a dbrestart that waits in the queue learns its loss there and in the store, and no message follows") {
  TempFolder folder;
  Process p(folder);
  Gate gate;
  Told told;
  p.hub->subscribe({"dbrestart", "loss_known"}, "h", [&](const Event& event) {
    told.add(event);
    gate.pass();
    return true;
  });
  p.apply(three_shards());
  REQUIRE(told.wait_for(1));  // it hangs
  p.apply(moved(three_shards(), 4, "p1", "r1"));
  p.apply(moved(three_shards(), 4, "p1", "r1", Loss::possible));
  REQUIRE(p.store->pending("h").at(1).loss == Loss::possible);
  gate.open();
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
  REQUIRE(told.events().size() == 2);
  REQUIRE(told.restart(1).loss == Loss::possible);
}

TEST_CASE("who subscribes to dbrestart and to loss_known apart under one name hears both, another nothing") {
  TempFolder folder;
  Process p(folder);
  Told restarts;
  Told losses;
  Told others;
  p.hub->subscribe({"dbrestart"}, "h", telling(restarts));
  p.hub->subscribe({"loss_known"}, "h", telling(losses));
  p.hub->subscribe({"loss_known"}, "other", telling(others));
  p.apply(three_shards());
  p.apply(moved(three_shards(), 4, "p1", "r1"));
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && restarts.events().size() == 2; }));
  p.apply(moved(three_shards(), 4, "p1", "r1", Loss::possible));
  REQUIRE(losses.wait_for(1));
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
  REQUIRE(std::get<LossKnown>(losses.events().at(0)).id == restarts.restart(1).id);
  REQUIRE(others.events().empty());
}
