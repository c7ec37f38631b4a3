// Three shards; the controller meets trouble, and says so once.
#include "controller/hint_relay.hpp"

#include "messages.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint32_t alone = 1;
constexpr std::uint32_t ten_thousand = 10000;

Hint hint(HintKind kind, const std::string& node, std::optional<Partition> partition = {}) {
  return {kind, {node}, {"host-" + node, 7000}, partition};
}

struct Relaying {
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  Topology topology = three_shards();
  Feed feed{1, 7, now};
  Speaker d1;
  HintRelay relay{7};

  void take(const Hint& hint, std::uint32_t fleet = alone) { relay.take(hint, &topology, fleet, now); }
  /// What is sent while that much time passes.
  std::vector<Hint> sent(Duration duration) {
    std::vector<Hint> out;
    for (const TimePoint until = now + duration; now < until; now += milliseconds(1))
      for (auto& each : relay.due(feed, now)) out.push_back(std::move(each));
    return out;
  }
  void suspect(std::vector<NodeId> shards, DetectorStatus status = DetectorStatus::suspect) {
    Beat beat = d1.beat(status);
    beat.suspects = std::move(shards);
    feed.take(beat, now);
  }
};

}  // namespace

TEST_CASE("in a small fleet a hint leaves at once, in a large one within fleet/20000 s") {
  Relaying alone_in_it;
  alone_in_it.take(hint(HintKind::silent, "p1"));
  alone_in_it.now += milliseconds(1);
  CHECK(alone_in_it.relay.due(alone_in_it.feed, alone_in_it.now).size() == 1);
  CHECK_FALSE(alone_in_it.relay.next(alone_in_it.now));

  Duration earliest = Duration::max();
  Duration latest{};
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Relaying r;
    r.relay = HintRelay(seed);
    r.take(hint(HintKind::silent, "p1"), ten_thousand);
    const auto delay = r.relay.next(r.now);
    REQUIRE(delay);
    CHECK(r.relay.due(r.feed, r.now + *delay - Duration(1)).empty());
    CHECK(r.relay.due(r.feed, r.now + *delay).size() == 1);
    earliest = std::min(earliest, *delay);
    latest = std::max(latest, *delay);
  }
  CHECK(earliest < milliseconds(50));
  CHECK(latest > milliseconds(450));
  CHECK(latest <= milliseconds(500));
}

TEST_CASE("the same of one shard is said once in a second, whichever call, partition or node of it met it") {
  Relaying r;
  for (std::uint32_t i = 0; i < 100; ++i) r.take(hint(HintKind::redirected, "p1", Partition{i}));
  r.take(hint(HintKind::read_only, "p1"));
  r.take(hint(HintKind::redirected, "r1"));
  CHECK(r.sent(milliseconds(5)).size() == 1);
  CHECK(r.relay.counts().coalesced == 101);
}

TEST_CASE("what is met within a second after the same was said is said at its end, once") {
  Relaying r;
  r.take(hint(HintKind::redirected, "p1", Partition{0}));
  CHECK(r.sent(milliseconds(5)).size() == 1);
  for (std::uint32_t i = 1; i < 100; ++i) r.take(hint(HintKind::redirected, "p1", Partition{i}));
  CHECK(r.sent(milliseconds(990)).empty());
  const auto later = r.sent(milliseconds(20));
  REQUIRE(later.size() == 1);
  CHECK(later.front().partition == Partition{1});
  CHECK(r.sent(seconds(3)).empty());
}

TEST_CASE("another shard, and another kind of trouble, are another hint") {
  Relaying r;
  r.take(hint(HintKind::connection_lost, "p1"));
  r.take(hint(HintKind::refused, "p1"));  // the same: it is gone
  r.take(hint(HintKind::redirected, "p1"));
  r.take(hint(HintKind::unavailable, "p1"));
  r.take(hint(HintKind::connection_lost, "p2"));
  r.take(hint(HintKind::connection_lost, ""));  // nobody knows who that is
  CHECK(r.sent(milliseconds(5)).size() == 5);
}

TEST_CASE("nothing is said of a shard that a live detector suspects, until it does no longer") {
  Relaying r;
  r.suspect({{"p1"}});
  r.take(hint(HintKind::silent, "p1"));
  r.take(hint(HintKind::silent, "r1"));  // of the same shard
  r.take(hint(HintKind::silent, "p2"));
  CHECK(r.sent(milliseconds(5)).size() == 1);
  CHECK(r.relay.counts().known == 1);
  r.suspect({}, DetectorStatus::ok);
  r.take(hint(HintKind::silent, "p1"));
  CHECK(r.sent(milliseconds(5)).size() == 1);  // at once: it was not said before
}

TEST_CASE(
    "a suspicion that came while a hint waited makes it superfluous, but one of a silent or degraded detector does "
    "not") {
  Relaying waiting;
  waiting.take(hint(HintKind::silent, "p1"), ten_thousand);
  waiting.suspect({{"p1"}});
  CHECK(waiting.sent(milliseconds(600)).empty());

  Relaying silent;
  silent.suspect({{"p1"}});
  silent.now += Feed::live_for;
  silent.take(hint(HintKind::silent, "p1"));
  CHECK(silent.sent(milliseconds(5)).size() == 1);

  Relaying degraded;
  degraded.suspect({{"p1"}}, DetectorStatus::degraded);
  degraded.take(hint(HintKind::silent, "p1"));
  CHECK(degraded.sent(milliseconds(5)).size() == 1);
}

TEST_CASE("without a topology hints are told apart by where they were seen, and no more are kept than a bound") {
  TimePoint now = TimePoint{} + std::chrono::hours(1);
  const Feed feed(1, 7, now);
  HintRelay relay(7);
  for (std::size_t i = 0; i < 3 * HintRelay::most_topics; ++i)
    relay.take({HintKind::refused, {}, {"host", static_cast<std::uint16_t>(1 + i)}, {}}, nullptr, alone, now);
  now += milliseconds(1);
  CHECK(relay.due(feed, now).size() == HintRelay::most_topics);
  CHECK(relay.counts().dropped == 2 * HintRelay::most_topics);
  now += HintRelay::once_in;
  relay.take({HintKind::refused, {}, {"host", 1}, {}}, nullptr, alone, now);
  now += milliseconds(1);
  CHECK(relay.due(feed, now).size() == 1);
}
