#include "controller/controller_state.hpp"

#include "messages.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Site {
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  ControllerState state{{"c", "nb", 1, 7}, now};
  Speaker d1;

  ControllerOutput hear(const Topology& topology) { return state.on_publication(d1.publish(topology), now); }
  ControllerOutput applied(const ControllerOutput& output, bool complete = true) {
    return state.on_applied(output.apply->serial, {complete, {}}, now);
  }
  /// Holds and has applied three shards.
  void settle() {
    const auto out = hear(three_shards());
    REQUIRE(out.apply);
    applied(out);
    state.on_beat(d1.beat(), now);
  }
  std::vector<Event> pass(Duration duration) {
    std::vector<Event> out;
    for (const TimePoint until = now + duration; now < until; now += milliseconds(20))
      for (auto& event : state.on_tick(now).events) out.push_back(std::move(event));
    return out;
  }
};

}  // namespace

TEST_CASE("a change is marked against what is still being applied: its calls are under way already") {
  Site s;
  REQUIRE(s.hear(three_shards()).apply->marked.empty());
  REQUIRE(s.hear(after_failover(three_shards())).apply->marked == set_of({range(0, 99)}));
}

TEST_CASE(
    "nothing is told before the topology has been applied, and then the change, the marks and the ack come at once") {
  Site s;
  const auto heard = s.hear(three_shards());
  REQUIRE(heard.apply);
  REQUIRE(heard.events.empty());
  REQUIRE_FALSE(heard.marks);
  REQUIRE(heard.acks.empty());
  REQUIRE_FALSE(s.state.applied());
  const auto done = s.applied(heard, false);
  REQUIRE(done.events.size() == 1);
  const auto& changed = std::get<TopologyChanged>(done.events[0]);
  REQUIRE(changed.version == s.d1.last.version);
  REQUIRE(changed.partial);
  REQUIRE(done.marks);
  REQUIRE(done.marks->partial);
  REQUIRE(*done.marks->topology == three_shards());
  REQUIRE(done.acks.size() == 1);
  REQUIRE(done.acks[0].detector == "d1");
  REQUIRE(done.acks[0].start == 100);
  REQUIRE(done.acks[0].applied == s.d1.last.version);
}

TEST_CASE("an order that a newer one has replaced tells nothing, and the newer one tells of both") {
  Site s;
  s.settle();
  const auto first = s.hear(after_failover(three_shards(), 4));
  REQUIRE(first.apply->marked == set_of({range(0, 99)}));
  Topology both = after_failover(three_shards(), 4);
  both.claims.set(range(100, 199), claim("r2", 5));
  both.marks.set(range(100, 199), mark(5, 0, "r2", "stream-r2@5"));
  const auto second = s.hear(both);
  REQUIRE(second.apply->marked == set_of({range(0, 199)}));  // the first was never in place
  const auto replaced = s.applied(first, false);
  REQUIRE(replaced.events.empty());
  REQUIRE_FALSE(replaced.marks);
  REQUIRE(replaced.acks.empty());
  const auto done = s.applied(second);
  REQUIRE(std::get<TopologyChanged>(done.events.at(0)).diff.changes.size() >= 2);
  REQUIRE(s.applied(second).acks.size() == 1);
}

TEST_CASE("the same topology again moves nothing, and is acknowledged") {
  Site s;
  s.settle();
  s.d1 = {.name = "d1", .start = 200, .sequence = 0, .last = s.d1.last, .last_beat = {}};
  Topology same = three_shards();
  auto out = s.hear(same);
  REQUIRE_FALSE(out.apply);
  same.marks.set(range(0, 99), mark(1, 1, "p1", "other"));  // a restart: routes as before, another mark
  out = s.hear(same);
  REQUIRE(out.apply);
}

TEST_CASE(
    "a detector behind does not take back what another has published, and both are acknowledged by their own word") {
  Site s;
  s.settle();
  s.applied(s.hear(after_failover(three_shards())));
  Speaker d2{.name = "d2", .start = 5, .sequence = 0, .last = {}, .last_beat = {}};
  const auto out = s.state.on_publication(d2.publish(three_shards()), s.now);
  if (out.apply) s.applied(out);
  REQUIRE(s.state.applied()->claims.find({0})->owner.value == "r1");
  REQUIRE(s.state.acks().size() == 2);
  REQUIRE(s.state.acks()[1].applied == d2.last.version);
}

TEST_CASE("the view is stale after three seconds without a beat, says so once, and is fresh again by itself") {
  Site s;
  REQUIRE(s.pass(seconds(10)).empty());  // nothing heard yet: nothing to be stale
  s.settle();
  REQUIRE(s.pass(milliseconds(2900)).empty());
  const auto events = s.pass(seconds(20));
  REQUIRE(events.size() == 1);
  REQUIRE(std::get<ViewStale>(events[0]).cluster == "nb");
  REQUIRE(std::get<ViewStale>(events[0]).age >= seconds(3));
  REQUIRE(std::get<ViewStale>(events[0]).age < milliseconds(3100));
  REQUIRE(s.state.stale());
  REQUIRE(s.state.applied());  // routing goes on
  const auto fresh = s.state.on_beat(s.d1.beat(), s.now);
  REQUIRE(fresh.events.size() == 1);
  REQUIRE(std::holds_alternative<ViewFresh>(fresh.events[0]));
  REQUIRE_FALSE(s.state.stale());
}

TEST_CASE("without a detector the topology is read once, routes only, and any detector's replaces it") {
  Site s;
  int reads = 0;
  for (int i = 0; i < 1000; ++i, s.now += milliseconds(20)) {
    const bool read = s.state.on_tick(s.now).read_topology;
    reads += read ? 1 : 0;
    if (read) REQUIRE(s.now - (TimePoint{} + std::chrono::hours(1)) >= seconds(2));
  }
  REQUIRE(reads == 1);
  Topology read = after_failover(three_shards(), 90);  // with marks and a generation that it has no right to
  const auto own = s.state.on_self_read(read, s.now);
  REQUIRE(own.apply);
  REQUIRE(own.apply->topology->generation == 0);
  const auto done = s.applied(own);
  REQUIRE_FALSE(done.marks);
  REQUIRE(done.acks.empty());
  const auto heard = s.hear(three_shards());
  REQUIRE(heard.apply);
  REQUIRE(*heard.apply->topology == three_shards());
  REQUIRE(s.applied(heard).marks);
  REQUIRE_FALSE(s.state.on_self_read(read, s.now).apply);  // a detector was faster
}

TEST_CASE("a controller subscribes, asks for a snapshot within a moment, and applies it") {
  Site s;
  std::vector<std::size_t> requests;
  for (int i = 0; i < 5; ++i, s.now += milliseconds(20))
    for (const auto index : s.state.on_tick(s.now).requests) requests.push_back(index);
  REQUIRE(requests == std::vector<std::size_t>{0});
  s.d1.publish(three_shards());
  s.d1.beat();
  const auto out = s.state.on_snapshot(0, s.d1.snapshot(), s.now);
  REQUIRE(out.apply);
  REQUIRE(s.pass(seconds(2)).empty());
}

TEST_CASE("a detector that asks for the envelope gets the last one accepted, at most one for each of its beats (R3)") {
  Site s;
  s.settle();
  const auto held = s.d1.last;
  Beat beat = s.d1.beat();
  beat.envelopes_wanted = {"another"};
  REQUIRE(s.state.on_beat(beat, s.now).envelopes.empty());
  beat = s.d1.beat();
  beat.envelopes_wanted = {"another", "c"};
  const auto given = s.state.on_beat(beat, s.now).envelopes;
  REQUIRE(given.size() == 1);
  REQUIRE(given[0].detector == "d1");
  REQUIRE(given[0].publication.version == held.version);
  beat.stamp.sequence += 1;
  REQUIRE(s.state.on_beat(beat, s.now + milliseconds(100)).envelopes.empty());
  beat.stamp.sequence += 1;
  REQUIRE(s.state.on_beat(beat, s.now + seconds(1)).envelopes.size() == 1);
}

TEST_CASE("the envelope kept is never one of a lower generation: a detector without memory does not replace it (C14)") {
  Site s;
  s.applied(s.hear(after_failover(three_shards(5))));
  const auto held = s.d1.last;
  s.d1.start = 200;
  s.d1.sequence = 0;
  s.hear(three_shards(1));
  Beat beat = s.d1.beat();
  beat.envelopes_wanted = {"c"};
  const auto given = s.state.on_beat(beat, s.now).envelopes;
  REQUIRE(given.size() == 1);
  REQUIRE(given[0].publication.version == held.version);
}

TEST_CASE("a detector without memory that publishes less does not replace the envelope kept, and hears of it (R3)") {
  Site s;
  const Topology full = after_failover(three_shards());
  s.applied(s.hear(full));
  const auto held = s.d1.last;
  s.d1 = {.start = 200};
  Topology less = full;
  less.marks = three_shards().marks;
  s.hear(less);
  s.now += seconds(1);  // what is told at once to a new life may be lost
  for (const auto& ack : s.state.on_tick(s.now).acks) REQUIRE(ack.detector == "d1");
  const auto told = [&] {
    std::vector<Version> out;
    s.state.on_beat(s.d1.beat(), s.now);
    for (const TimePoint until = s.now + seconds(5); s.now < until; s.now += milliseconds(20))
      for (const auto& ack : s.state.on_tick(s.now).acks) out.push_back(ack.applied);
    return out;
  };
  REQUIRE(told() == std::vector{held.version});
  const auto given = [&] {
    Beat beat = s.d1.beat();
    beat.envelopes_wanted = {"c"};
    s.now += seconds(1);
    return s.state.on_beat(beat, s.now).envelopes.at(0).publication.stamp;
  };
  REQUIRE(given() == held.stamp);
  const auto again = s.hear(full);
  REQUIRE_FALSE(again.apply);
  REQUIRE(given() == s.d1.last.stamp);
  for (const auto& version : told()) REQUIRE(version == s.d1.last.version);
  REQUIRE(told().empty());
}

TEST_CASE("a detector in a new life, and one never heard before, are told within a beat what is held (C14)") {
  Site s;
  s.settle();
  const auto held = s.d1.last.version;
  s.now += seconds(30);
  Speaker again{.start = 200};
  Speaker stranger{.name = "d9", .start = 300};
  s.state.on_beat(again.beat(DetectorStatus::starting), s.now);
  s.state.on_beat(stranger.beat(DetectorStatus::starting), s.now);
  std::map<std::string, Version> told;
  for (const TimePoint until = s.now + seconds(1); s.now < until; s.now += milliseconds(20))
    for (const auto& ack : s.state.on_tick(s.now).acks) told[ack.detector] = ack.applied;
  REQUIRE(told == std::map<std::string, Version>{{"d1", held}, {"d9", held}});
}

TEST_CASE("a live detector that is starting is waited for, and the topology is not read meanwhile") {
  Site s;
  bool read = false;
  for (int i = 0; i < 400; ++i) {
    if (i % 50 == 0 && i < 200) s.state.on_beat(s.d1.beat(DetectorStatus::starting), s.now);
    read = read || s.state.on_tick(s.now).read_topology;
    if (i < 200) REQUIRE_FALSE(read);
    s.now += milliseconds(20);
  }
  REQUIRE(read);  // it never published: the wait has an end
}
