// What is known of a handler while it works: running, failed, slow, away.
#include <dbha/error.hpp>

#include "hub_process.hpp"
#include "support/catch.hpp"
#include "topology/ranges.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

EventHub::HandlerState state_of(Process& p, const std::string& name = "h") {
  for (auto& handler : p.hub->handlers())
    if (handler.name == name) return handler;
  return {};
}

std::size_t count_of(const TestLog& log, std::string_view text) {
  const auto lines = log.lines();
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [&](const auto& line) { return line.find(text) != line.npos; }));
}

}  // namespace

TEST_CASE("a handler is known as running, with its event and since when, and as idle afterwards") {
  TempFolder folder;
  Gate gate;
  Told told;
  Process p(folder);
  p.hub->subscribe({"dbrestart"}, "h", [&](const Event& event) {
    told.add(event);
    gate.pass();
    return true;
  });
  CHECK_FALSE(state_of(p).work.running_since);
  p.apply(three_shards());
  REQUIRE(told.wait_for(1));
  const auto busy = state_of(p).work;
  CHECK(busy.running_since);
  CHECK(busy.event == "dbrestart " + told.restart(0).id);
  CHECK(busy.pending == 1);
  gate.open();
  REQUIRE(p.turn_until([&] { return state_of(p).work.pending == 0; }));
  const auto idle = state_of(p).work;
  CHECK_FALSE(idle.running_since);
  CHECK(idle.event.empty());
}

TEST_CASE("a handler that fails is known with how often, why, and when it is tried again, until it is done") {
  TempFolder folder;
  std::atomic<int> tries = 0;
  std::atomic<bool> well = false;
  Process p(folder);
  p.hub->subscribe({"dbrestart"}, "h",
                   [&](const Event&) -> bool {
                     ++tries;
                     if (!well) throw Error("no luck");
                     return true;
                   },
                   {.pauses = RetryPauses{milliseconds(1), seconds(3600)}});
  p.apply(three_shards());
  REQUIRE(p.turn_until([&] { return tries >= 3 && state_of(p).work.again_at; }));
  const auto failed = state_of(p).work;
  CHECK(failed.failures >= 3);
  CHECK(failed.reason == "no luck");
  CHECK(*failed.again_at > std::chrono::steady_clock::now() - seconds(1));
  CHECK_FALSE(failed.event.empty());
  well = true;
  REQUIRE(p.turn_until([&] { return state_of(p).work.pending == 0; }));
  CHECK(state_of(p).work.failures == 0);
  CHECK(state_of(p).work.reason.empty());
}

TEST_CASE("a handler has its own pauses") {
  TempFolder folder;
  Told patient;
  Told quick;
  Process p(folder);  // its handlers pause for 1 or 2 ms
  p.hub->subscribe({"dbrestart"}, "patient", telling(patient, false),
                   {.pauses = RetryPauses{seconds(3600), seconds(3600)}});
  p.hub->subscribe({"dbrestart"}, "quick", telling(quick, false));
  p.apply(three_shards());
  REQUIRE(quick.wait_for(5));
  CHECK(patient.events().size() == 1);
}

TEST_CASE("a handler that is in one event for too long is reported once, and holds up no other") {
  TempFolder folder;
  Gate gate;
  Told told;
  Process p(folder, {}, milliseconds(50));
  p.hub->subscribe({"dbrestart"}, "stuck", [&](const Event&) {
    gate.pass();
    return true;
  });
  p.hub->subscribe({"dbrestart"}, "free", telling(told));
  p.apply(three_shards());
  REQUIRE(p.turn_until([&] { return p.log.contains("handler_slow handler=stuck event=dbrestart c-"); }));
  CHECK(state_of(p, "stuck").slow);
  CHECK_FALSE(state_of(p, "free").slow);
  const auto until = std::chrono::steady_clock::now() + milliseconds(300);
  REQUIRE(p.turn_until([&] { return std::chrono::steady_clock::now() > until; }));
  CHECK(count_of(p.log, "handler_slow") == 1);
  p.apply(after_failover(three_shards()));
  REQUIRE(told.wait_for(2));
  gate.open();
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
  CHECK_FALSE(state_of(p, "stuck").slow);
}

TEST_CASE("while it is away a handler's dbrestarts wait and are stored, of the other events none") {
  TempFolder folder;
  Told told;
  Process p(folder);
  const auto id = p.hub->subscribe({"dbrestart", "view_stale"}, "h", telling(told), {.suspended = true});
  p.apply(three_shards());
  p.hub->emit(ViewStale{"nb", seconds(3)});
  CHECK(state_of(p).work.suspended);
  CHECK(p.store->pending("h").size() == 1);
  CHECK(told.events().empty());
  p.hub->resume(id);
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0 && p.store->pending("h").empty(); }));
  CHECK(told.events().size() == 1);
  p.hub->emit(ViewStale{"nb", seconds(3)});
  REQUIRE(told.wait_for(2));
  p.hub->suspend(id);
  p.apply(after_failover(three_shards()));
  p.hub->emit(ViewStale{"nb", seconds(3)});
  CHECK(state_of(p).work.pending == 1);
  CHECK(told.events().size() == 2);
}

TEST_CASE("a handler that comes back gets at once what had failed, however long the pause would be") {
  TempFolder folder;
  Told told;
  std::atomic<bool> well = false;
  Process p(folder);
  const auto id = p.hub->subscribe({"dbrestart"}, "h",
                                   [&](const Event& event) {
                                     told.add(event);
                                     return well.load();
                                   },
                                   {.pauses = RetryPauses{seconds(3600), seconds(3600)}});
  p.apply(three_shards());
  REQUIRE(p.turn_until([&] { return state_of(p).work.failures == 1; }));
  p.hub->suspend(id);
  well = true;
  p.hub->resume(id);
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
  CHECK(told.restart(1).id == told.restart(0).id);
}

TEST_CASE("the end of a subscription tells a handler that runs to stop") {
  TempFolder folder;
  Gate gate;
  Told told;
  Process p(folder);
  p.hub->subscribe({"dbrestart"}, "h",
                   [&](const Event& event) {
                     told.add(event);
                     gate.pass();
                     return false;
                   },
                   {.stop = [&] { gate.open(); }});
  p.apply(three_shards());
  REQUIRE(told.wait_for(1));
  p.hub.reset();  // hangs if nobody opens the gate
  CHECK(p.store->pending("h").size() == 1);
}

TEST_CASE("events of the moment behind a handler that hangs are bounded, a dbrestart is queued all the same") {
  TempFolder folder;
  Gate gate;
  Told told;
  Process p(folder);
  p.hub->subscribe({"dbrestart", "view_fresh"}, "h", [&](const Event& event) {
    told.add(event);
    gate.pass();
    return true;
  });
  for (std::size_t i = 0; i < 2 * HandlerThread::most_moments; ++i) p.hub->emit(ViewFresh{"nb"});
  CHECK(state_of(p).work.pending <= HandlerThread::most_moments + 1);
  p.apply(three_shards());
  gate.open();
  REQUIRE(p.turn_until([&] { return p.hub->pending() == 0; }));
  CHECK(name_of(told.events().back()) == std::string("dbrestart"));
}
