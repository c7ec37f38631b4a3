// Whatever the hints do, and however a node behaves: the database is asked within the budget, and a real failover in
// the midst of it is seen as fast as without.
#include "detector_site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

struct Weather {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  DetectorSite site{loop, cluster};
  Weather() { loop.advance(seconds(5)); }

  /// Five thousand hints a second, on every node, every partition, and nodes that do not exist.
  void storm(Duration duration) {
    static constexpr HintKind kinds[] = {HintKind::connection_lost, HintKind::refused,    HintKind::silent,
                                         HintKind::demoted,         HintKind::epoch_rose, HintKind::redirected,
                                         HintKind::read_only,       HintKind::unavailable};
    static const std::string nodes[] = {"p1", "p2", "p3", "r1", "r2", "r3", "x"};
    for (const TimePoint end = loop.now() + duration; loop.now() < end; loop.advance(microseconds(200)), ++told)
      site.hint({kinds[told % 8], {nodes[told % 7]}, {"host-" + nodes[told % 7], 7000}, Partition{told % 300}});
  }
  bool within_budget() const { return site.commands.most() <= 500 && site.bytes.most() <= 1e6; }

  std::uint32_t told = 0;
};

}  // namespace

TEST_CASE("five thousand hints a second: the budget holds, and a failover in their midst is seen in time") {
  Weather w;
  w.storm(seconds(3));
  CHECK(w.site.published.size() == 1);
  w.site.kill("p1");
  w.storm(seconds(1));
  w.cluster.elect("r1", "p1");
  w.storm(seconds(2));
  CHECK(w.within_budget());
  REQUIRE(w.site.published.size() >= 2);
  CHECK(w.site.published[1].topology->claims.find({0})->owner == NodeId{"r1"});
  CHECK(w.site.published[1].at - w.cluster.promoted_at <= FakeCluster::gossip + milliseconds(60));
  w.loop.advance(seconds(5));
  CHECK(w.site.detector().status() == DetectorStatus::ok);
}

TEST_CASE("a node that flaps is asked within the budget, told of a few times a second, and changes nothing") {
  Weather w;
  const std::size_t before = w.site.beats.size();
  auto& node = w.cluster.node("p1");
  for (int i = 0; i < 200; ++i) {  // twenty seconds
    node.state = i % 2 == 0 ? FakeNode::State::stopped : FakeNode::State::up;
    w.site.hint({i % 2 == 0 ? HintKind::silent : HintKind::connection_lost, {"p1"}, {"host-p1", 7000}, std::nullopt});
    w.loop.advance(milliseconds(100));
  }
  CHECK(w.within_budget());
  CHECK(w.site.published.size() == 1);
  CHECK(w.site.beats.size() - before <= 20 * (1 + 4) + 1);
  w.loop.advance(seconds(5));
  CHECK(w.site.detector().status() == DetectorStatus::ok);
}

TEST_CASE(
    "a node that accepts and never answers for an hour costs the budget nothing, and its shard no other's place") {
  Weather w;
  w.cluster.node("p1").state = FakeNode::State::stopped;
  w.loop.advance(std::chrono::hours(1));
  CHECK(w.within_budget());
  CHECK(w.site.published.size() == 1);
  w.site.kill("p2");
  w.loop.advance(seconds(2));
  w.cluster.elect("r2", "p2");
  w.loop.advance(seconds(1));
  CHECK(w.site.owner(100) == "r2");
}

TEST_CASE("a suspicion is told with a beat at once, and so is its end") {
  Weather w;
  w.loop.advance(milliseconds(400));  // since the last regular beat
  const std::size_t before = w.site.beats.size();
  const TimePoint broken = w.loop.now();
  w.site.kill("p1");
  while (w.site.beats.size() == before && w.loop.now() - broken < seconds(2)) w.loop.advance(milliseconds(1));
  CHECK(w.loop.now() - broken <= milliseconds(5));
  CHECK(w.site.beats.back().suspects == std::vector<NodeId>{{"p1"}});
  w.loop.advance(milliseconds(1400));
  w.cluster.elect("r1", "p1");
  const auto told = [&] { return w.site.beats.back().suspects.empty(); };
  while (!told() && w.loop.now() - w.cluster.promoted_at < seconds(2)) w.loop.advance(milliseconds(1));
  CHECK(w.loop.now() - w.cluster.promoted_at <= FakeCluster::gossip + milliseconds(270));
}
