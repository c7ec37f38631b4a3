#include "topology/feed.hpp"

#include "core/controller/messages.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

struct Listening {
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  Feed feed;
  Speaker d1;

  explicit Listening(std::size_t detectors = 1) : feed(detectors, 7, now) {}

  /// The hellos sent while that much time passes, looked for each 5 ms.
  std::vector<std::size_t> hellos(Duration duration) {
    std::vector<std::size_t> out;
    for (const TimePoint until = now + duration; now < until; now += milliseconds(5))
      if (auto index = feed.due_request(now)) out.push_back(*index);
    return out;
  }
  /// Started, asked, answered: what d1 says is held.
  void settle() {
    d1.publish(three_shards());
    d1.beat();
    REQUIRE(hellos(milliseconds(100)).size() == 1);
    REQUIRE(feed.take(0, d1.snapshot(), now));
  }
};

}  // namespace

TEST_CASE("a feed asks once at its start, and is content with the answer") {
  Listening l;
  l.settle();
  REQUIRE(l.feed.live(l.now));
  REQUIRE(l.feed.heard(l.now).size() == 1);
  for (int i = 0; i < 60; ++i) {
    REQUIRE(l.hellos(seconds(1)).empty());
    l.feed.take(l.d1.beat(), l.now);
  }
  REQUIRE(l.feed.unanswered() == 0);
}

TEST_CASE("a lost publication is found by the next beat's digest, and leads to exactly one request") {
  Listening l;
  l.settle();
  l.d1.publish(after_failover(three_shards()));  // nobody hears it
  l.feed.take(l.d1.beat(), l.now);
  l.feed.take(l.d1.beat(), l.now);
  REQUIRE(l.hellos(milliseconds(500)) == std::vector<std::size_t>{0});
  REQUIRE(l.feed.take(0, l.d1.snapshot(), l.now));
  l.feed.take(l.d1.beat(), l.now);
  REQUIRE(l.hellos(seconds(10)).empty());
  REQUIRE(l.feed.heard(l.now)[0].topology->claims.find({0})->owner.value == "r1");
}

TEST_CASE("the request comes after a jitter as wide as the fleet is large") {
  Duration least = seconds(100);
  Duration most{};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    TimePoint now = TimePoint{} + std::chrono::hours(1);
    Feed feed(1, seed, now);
    Speaker d1;
    d1.publish(three_shards());
    d1.beat();
    feed.take(0, d1.snapshot(), now);
    d1.publish(after_failover(three_shards()));
    Beat beat = d1.beat();
    beat.controllers = 10000;  // 100 us each: one second
    feed.take(beat, now);
    Duration waited{};
    while (!feed.due_request(now + waited)) waited += milliseconds(1);
    least = std::min(least, waited);
    most = std::max(most, waited);
  }
  REQUIRE(least < milliseconds(50));
  REQUIRE(most > milliseconds(950));
  REQUIRE(most <= milliseconds(1001));
}

TEST_CASE("a gap in the sequence is asked about even where the digest is as it was") {
  Listening l;
  l.settle();
  ++l.d1.sequence;
  l.feed.take(l.d1.beat(), l.now);
  REQUIRE(l.hellos(milliseconds(500)).size() == 1);
}

TEST_CASE("a gap before a publication needs no request: the publication is the whole topology") {
  Listening l;
  l.settle();
  l.d1.sequence += 5;
  REQUIRE(l.feed.take(l.d1.publish(after_failover(three_shards())), l.now));
  l.feed.take(l.d1.beat(), l.now);
  REQUIRE(l.hellos(seconds(5)).empty());
}

TEST_CASE("repeated and reordered messages change nothing") {
  Listening l;
  l.settle();
  const auto first = l.d1.publish(after_failover(three_shards(), 4));
  const auto second = l.d1.publish(after_failover(three_shards(), 5));
  REQUIRE(l.feed.take(second, l.now));
  REQUIRE_FALSE(l.feed.take(second, l.now));
  REQUIRE_FALSE(l.feed.take(first, l.now));
  REQUIRE(l.feed.heard(l.now)[0].topology == second.topology);
  const auto old_beat = l.d1.beat();
  const auto new_beat = l.d1.beat();
  l.feed.take(new_beat, l.now);
  const auto at = l.now;
  l.now += seconds(2);
  l.feed.take(old_beat, l.now);
  l.feed.take(new_beat, l.now);
  REQUIRE(*l.feed.age(l.now) == l.now - at);  // a repeated beat keeps nobody alive
}

TEST_CASE("a detector's new life is followed from its first message, an earlier one is refused") {
  Listening l;
  l.settle();
  Speaker old = l.d1;
  l.d1 = {.name = "d1", .start = 200, .sequence = 0, .last = l.d1.last, .last_beat = {}};
  l.feed.take(l.d1.beat(), l.now);
  REQUIRE(l.hellos(seconds(1)).empty());  // it holds what it held
  REQUIRE(l.feed.take(l.d1.publish(after_failover(three_shards())), l.now));
  REQUIRE_FALSE(l.feed.take(old.publish(three_shards(5)), l.now));
  REQUIRE_FALSE(l.feed.take(0, old.snapshot(), l.now));
  l.now += seconds(10);
  l.feed.take(old.beat(), l.now);
  REQUIRE_FALSE(l.feed.live(l.now));
}

TEST_CASE("a snapshot is accepted though a later beat has raised the sequence (C11), an older topology is not") {
  Listening l;
  l.settle();
  l.d1.publish(after_failover(three_shards(), 4));
  const auto encoded = l.d1.snapshot();
  l.feed.take(l.d1.beat(), l.now);
  REQUIRE(l.hellos(milliseconds(500)).size() == 1);
  REQUIRE(l.feed.take(0, encoded, l.now));
  REQUIRE(l.hellos(seconds(1)).empty());
  REQUIRE(l.feed.take(l.d1.publish(after_failover(three_shards(), 5)), l.now));
  REQUIRE_FALSE(l.feed.take(0, encoded, l.now));
  REQUIRE(l.feed.heard(l.now)[0].topology->epoch().value == 5);
}

TEST_CASE("two tries go to one detector, then it is the next one's turn, for ever and ever more rarely") {
  Listening l(3);
  const auto first = l.hellos(seconds(120));
  REQUIRE(std::vector(first.begin(), first.begin() + 7) == std::vector<std::size_t>{0, 0, 1, 1, 2, 2, 0});
  REQUIRE(l.feed.unanswered() == first.size());
  const auto later = l.hellos(seconds(120));
  REQUIRE(later.size() >= 15);  // it never gives up
  REQUIRE(later.size() <= 24);
}

TEST_CASE("a refused hello is no try, and is repeated after the time that the detector named") {
  Listening l(2);
  REQUIRE(l.hellos(milliseconds(100)).size() == 1);
  for (int i = 0; i < 5; ++i) {
    l.feed.refused(0, seconds(2), l.now);
    REQUIRE(l.hellos(milliseconds(1990)).empty());
    std::vector<std::size_t> again;
    const TimePoint latest = l.now + milliseconds(2100);
    while (again.empty() && l.now < latest) again = l.hellos(milliseconds(5));
    REQUIRE(again == std::vector<std::size_t>{0});
  }
  REQUIRE(l.feed.unanswered() == 1);
}

TEST_CASE("an empty detector is asked again, but hardly more than once a beat") {
  Listening l;
  l.d1.beat(DetectorStatus::degraded);
  std::size_t asked = 0;
  for (int i = 0; i < 30; ++i) {
    const auto hellos = l.hellos(seconds(1)).size();
    asked += hellos;
    if (hellos > 0) l.feed.take(0, l.d1.snapshot(), l.now);
    l.feed.take(l.d1.beat(DetectorStatus::degraded), l.now);
  }
  REQUIRE(asked >= 10);
  REQUIRE(asked <= 31);
  REQUIRE(l.feed.heard(l.now).empty());
}

TEST_CASE("of two detectors the one whose topology is missing is asked, though nobody has said where it is") {
  Listening l(2);
  l.settle();
  Speaker d2{.name = "d2", .start = 5, .sequence = 0, .last = {}, .last_beat = {}};
  d2.publish(after_failover(three_shards()));
  l.feed.take(d2.beat(), l.now);
  REQUIRE(l.hellos(milliseconds(300)) == std::vector<std::size_t>{1});
  REQUIRE(l.feed.take(1, d2.snapshot(), l.now));
  for (int i = 0; i < 20; ++i) {
    l.feed.take(l.d1.beat(), l.now);
    l.feed.take(d2.beat(), l.now);
    REQUIRE(l.hellos(seconds(1)).empty());  // each holds another topology, and that is well (C12)
  }
  d2.publish(three_shards());
  l.feed.take(d2.beat(), l.now);
  REQUIRE(l.hellos(milliseconds(300)) == std::vector<std::size_t>{1});
}

TEST_CASE("a detector counts as live for three seconds after its beat, and by its own word as degraded") {
  Listening l;
  l.settle();
  l.now += milliseconds(2899);
  REQUIRE(l.feed.heard(l.now)[0].live);
  l.now += milliseconds(200);
  REQUIRE_FALSE(l.feed.heard(l.now)[0].live);
  for (const auto status : {DetectorStatus::degraded, DetectorStatus::tilt, DetectorStatus::starting}) {
    l.feed.take(l.d1.beat(status), l.now);
    REQUIRE(l.feed.heard(l.now)[0].degraded);
  }
  l.feed.take(l.d1.beat(DetectorStatus::suspect), l.now);
  REQUIRE_FALSE(l.feed.heard(l.now)[0].degraded);
}
