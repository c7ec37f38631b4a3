// Hints of controllers: a look at the shard is all that they cause, and all that they may cost.
#include "detector/fleet.hpp"
#include "detector/hint_intake.hpp"
#include "detector_site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

const HintTopic p1_moved{HintClass::moved, {"p1"}, {}};

Hint redirected(std::uint32_t partition) {
  return {HintKind::redirected, {"p1"}, {"host-p1", 7000}, Partition{partition}};
}

struct Watched {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  DetectorSite site{loop, cluster};
  /// The rounds go on meanwhile, so the start of the test is another moment between two of them.
  explicit Watched(Duration watched) { loop.advance(watched); }

  /// How long until the detector has published that the partition belongs to p2, after the controllers were told by a
  /// MOVED, or were not.
  Duration until_published(bool told) {
    cluster.migrate(range(0, 0), "p1", "p2");
    const TimePoint moved = loop.now();
    if (told) site.hint(redirected(0));
    while (site.owner(0) != "p2" && loop.now() - moved < seconds(10)) loop.advance(milliseconds(1));
    return loop.now() - moved;
  }
};

/// How many looks follow from a hint each millisecond for that long, while the shard is never found suspect.
std::size_t looks(HintIntake& intake, TimePoint& now, Duration duration) {
  std::size_t out = 0;
  for (const TimePoint until = now + duration; now < until; now += milliseconds(1)) {
    out += intake.due(now).size();
    if (intake.take(redirected(0), p1_moved, false, true, now) == HintVerdict::look) ++out;
  }
  return out;
}

}  // namespace

TEST_CASE("a MOVED that a controller met is published within the time that gossip takes, and without it with a round") {
  Duration told{};
  Duration untold{};
  for (Duration watched = seconds(5); watched < seconds(6); watched += milliseconds(50)) {
    told = std::max(told, Watched(watched).until_published(true));
    untold = std::max(untold, Watched(watched).until_published(false));
  }
  CHECK(told <= FakeCluster::gossip + milliseconds(10));
  CHECK(untold > milliseconds(200));
}

TEST_CASE("a hint about a shard under suspicion costs nothing and is counted") {
  HintIntake intake;
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  CHECK(intake.take(redirected(0), p1_moved, false, true, now) == HintVerdict::look);
  for (int i = 0; i < 1000; ++i) CHECK(intake.take(redirected(0), p1_moved, true, true, now) == HintVerdict::coalesced);
  CHECK(intake.counts(HintKind::redirected).received == 1001);
  CHECK(intake.counts(HintKind::redirected).coalesced == 1000);
  CHECK(intake.counts(HintKind::silent).received == 0);
}

TEST_CASE("hints about a healthy shard cost ever fewer looks, one a second in the end, whoever sends them") {
  HintIntake intake;
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  CHECK(looks(intake, now, seconds(2)) == 6);  // 0, 50, 150, 350, 750, 1550 ms
  CHECK(looks(intake, now, seconds(60)) == 60);
  // Another shard and another kind of trouble are looked at all the same.
  CHECK(intake.take(redirected(100), {HintClass::moved, {"p2"}, {}}, false, true, now) == HintVerdict::look);
  CHECK(intake.take({HintKind::silent, {"p1"}, {}, {}}, {HintClass::gone, {"p1"}, {}}, false, true, now) ==
        HintVerdict::look);
  // What waits is looked at, then it is quiet; after that a hint is a first one again.
  now += HintIntake::longest_pause;
  CHECK(intake.due(now).size() == 1);
  now += HintIntake::forgotten_after;
  CHECK(looks(intake, now, milliseconds(100)) == 2);
}

TEST_CASE("what a hint within the pause tells of is looked at when the pause is over, and the first one says it") {
  HintIntake intake;
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  CHECK(intake.take(redirected(0), p1_moved, false, true, now) == HintVerdict::look);
  CHECK(intake.take(redirected(1), p1_moved, false, true, now + milliseconds(10)) == HintVerdict::coalesced);
  CHECK(intake.take(redirected(2), p1_moved, false, true, now + milliseconds(20)) == HintVerdict::coalesced);
  CHECK(intake.due(now + milliseconds(49)).empty());
  const auto due = intake.due(now + milliseconds(50));
  REQUIRE(due.size() == 1);
  CHECK(due.front().partition == Partition{1});
  CHECK(intake.due(now + seconds(5)).empty());
}

TEST_CASE("a controller that babbles is not listened to any more, the others are") {
  Fleet fleet;
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  fleet.on_hello("babbler", now);
  fleet.on_hello("quiet", now);
  int heard = 0;
  for (int i = 0; i < 10000; ++i) heard += fleet.allows_hint("babbler", now += milliseconds(1));
  CHECK(heard <= 200);  // of ten seconds
  CHECK(heard >= 190);
  CHECK(fleet.members().at("babbler").hints_refused == static_cast<std::uint64_t>(10000 - heard));
  CHECK(fleet.allows_hint("quiet", now));
  CHECK(fleet.members().at("quiet").hints_refused == 0);

  // Names are for free: those who never introduced themselves share one allowance, and are not remembered.
  heard = 0;
  for (int i = 0; i < 1000; ++i) heard += fleet.allows_hint("invented-" + std::to_string(i), now);
  CHECK(heard == 100);
  CHECK(fleet.members().size() == 2);
}

TEST_CASE("topics without end are not remembered without end") {
  HintIntake intake;
  const TimePoint now = TimePoint{} + std::chrono::hours(1);
  std::size_t looked = 0;
  for (std::size_t i = 0; i < 3 * HintIntake::most_topics; ++i) {
    const Hint hint{HintKind::refused, {}, {"host", static_cast<std::uint16_t>(1 + i)}, {}};
    looked += intake.take(hint, topic_of(hint, nullptr), false, true, now) == HintVerdict::look;
  }
  CHECK(looked == HintIntake::most_topics);
}

TEST_CASE("a replica that is gone makes nobody suspect its primary, whoever noticed it") {
  Watched w(seconds(5));
  w.cluster.node("r1").state = FakeNode::State::killed;
  for (const auto kind : {HintKind::connection_lost, HintKind::refused, HintKind::silent})
    w.site.hint({kind, {"r1"}, {"host-r1", 7000}, std::nullopt});
  CHECK(w.site.detector().status() == DetectorStatus::ok);
  CHECK(w.site.detector().prober().suspects().empty());
  w.site.hint({HintKind::refused, {"p1"}, {"host-p1", 7000}, std::nullopt});
  CHECK(w.site.detector().prober().suspects().size() == 1);
}
