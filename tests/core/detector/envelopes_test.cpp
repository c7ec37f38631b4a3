/// R3: a detector without memory learns from the fleet what was published before.

#include "core/controller/messages.hpp"
#include "detector_site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

/// What a fleet held when its detectors lost their stores: a failover marked, and a generation that has risen.
Topology held_by_the_fleet() {
  Topology out = three_shards(3);
  Mark restart = mark(2, 4, "p2", "stream-p2@2.4");
  out.marks.set(range(100, 199), restart);
  return out;
}

struct Scene {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  DetectorSite site{loop, cluster, {}, {.listen = seconds(3)}};
  Speaker former;
  Publication held = former.publish(held_by_the_fleet());

  void ack(const Version& version, const std::string& holder = "c1") {
    site.tell([=](Detector& d, Now now) { return d.on_held(holder, version, now); });
  }
  void give(const Publication& publication) {
    site.tell([=](Detector& d, Now now) { return d.on_envelope(publication, now); });
  }
};

}  // namespace

TEST_CASE(
    "all detectors have lost their stores, controllers hold the only copy: it is asked for, and goes on (C14, C4)") {
  Scene s;
  s.loop.advance(milliseconds(1200));
  REQUIRE(s.site.detector().status() == DetectorStatus::starting);
  s.ack(s.held.version);
  s.loop.advance(milliseconds(1000));
  REQUIRE(s.site.beat().envelopes_wanted == std::vector<std::string>{"c1"});
  s.give(s.held);
  s.loop.advance(milliseconds(1500));
  REQUIRE(s.site.published.size() == 1);
  REQUIRE(s.site.topology().generation == 3);
  REQUIRE(s.site.topology().marks == held_by_the_fleet().marks);
  s.loop.advance(seconds(3));
  REQUIRE(s.site.beat().envelopes_wanted.empty());
}

TEST_CASE("without a store nothing is published for three beats, and with one it is served at once") {
  Scene s;
  s.loop.advance(milliseconds(2900));
  REQUIRE(s.site.published.empty());
  s.loop.advance(seconds(1));
  REQUIRE(s.site.published.size() == 1);
  REQUIRE(s.site.topology().generation == 1);
  DetectorSite second(s.loop, s.cluster, s.site.detector().state(), {.listen = seconds(3)});
  REQUIRE(second.detector().version() == s.site.detector().version());
}

TEST_CASE("an envelope that comes after the first publication is joined all the same") {
  Scene s;
  s.loop.advance(seconds(5));
  REQUIRE(s.site.topology().generation == 1);
  s.ack(s.held.version);
  s.loop.advance(seconds(1));
  s.give(s.held);
  s.loop.advance(seconds(1));
  REQUIRE(s.site.topology().generation == 3);
  REQUIRE(s.site.mark_at(100).count == 4);
}

TEST_CASE("what happened since the envelope was published is marked") {
  Scene s;
  s.cluster.start("p3");
  s.give(s.held);
  s.loop.advance(seconds(5));
  REQUIRE(s.site.mark_at(200).cause == Cause::restart);
  REQUIRE(s.site.mark_at(200).count == 1);
}

TEST_CASE("a generation that nobody bears out is ignored, asked for three times, and good only for a reset") {
  Scene s;
  Version forged = s.held.version;
  forged.generation = 99;
  int asked = 0;
  for (int i = 0; i < 20; ++i) {
    s.ack(forged);
    s.loop.advance(seconds(1));
    asked += s.site.beat().envelopes_wanted.empty() ? 0 : 1;
  }
  REQUIRE(asked == 3);
  REQUIRE(s.site.topology().generation == 1);
  s.site.reset();
  REQUIRE(s.site.refused.empty());
  REQUIRE(s.site.topology().generation == 100);
}

TEST_CASE("an envelope makes its detector neither live nor preferred, and a lower generation is no news") {
  Scene s;
  s.loop.advance(seconds(5));
  Topology moved = three_shards();
  for (auto& n : moved.nodes) n.endpoint.host = "elsewhere";
  moved.marks.set(range(0, 99), mark(1, 3, "p1", "stream-p1@1.3"));
  s.give(s.former.publish(moved));
  s.loop.advance(seconds(2));
  REQUIRE(s.site.mark_at(0).count == 3);
  REQUIRE(s.site.topology().node({"p1"})->endpoint.host == "host-p1");
  const auto before = s.site.published.size();
  s.give(s.former.publish(after_failover(three_shards(0), 90)));
  s.loop.advance(seconds(2));
  REQUIRE(s.site.published.size() == before);
}

TEST_CASE("of many who hold one version two are asked at a time, each at most once a second") {
  Envelopes envelopes;
  const TimePoint start = TimePoint{} + std::chrono::hours(1);
  const Version held{3, {9}, 77};
  for (int i = 0; i < 100; ++i) envelopes.named("c" + std::to_string(i), held, {});
  envelopes.turn({}, start);
  const auto first = envelopes.wanted();
  REQUIRE(first.size() == 2);
  envelopes.turn({}, start + milliseconds(900));
  REQUIRE(envelopes.wanted() == first);
  envelopes.turn({}, start + seconds(1));
  REQUIRE(envelopes.wanted().size() == 2);
  REQUIRE(envelopes.wanted() != first);
  envelopes.know(held);
  envelopes.turn({}, start + seconds(2));
  REQUIRE(envelopes.wanted().empty());
}
