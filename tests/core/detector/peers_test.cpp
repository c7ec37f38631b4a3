/// R4 among detectors, R5's vouching, R7 for what is learnt. Three shards of 100 partitions.

#include "core/controller/messages.hpp"
#include "detector_site.hpp"
#include "support/catch.hpp"
#include "topology/marks.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

/// One detector, and another of which only the words are there.
struct Scene {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  DetectorSite site{loop, cluster, {}, {.peers = 1}};
  Speaker peer{.name = "d2"};

  Scene() {
    loop.advance(seconds(5));
    site.published.clear();
  }
  void hear(const Topology& topology) {
    const auto said = peer.publish(topology);
    site.tell([said](Detector& d, Now now) { return d.on_publication(said, now); });
    hear_beat();
  }
  void hear_beat(PartitionSet vouched = {}, DetectorStatus status = DetectorStatus::ok) {
    Beat beat = peer.beat(status);
    beat.vouched = std::move(vouched);
    site.tell([beat](Detector& d, Now now) { return d.on_beat(beat, now); });
  }
  /// That much time, with a beat of the peer each second.
  void pass(int how_many_seconds, const PartitionSet& vouched, DetectorStatus status = DetectorStatus::ok) {
    for (int i = 0; i < how_many_seconds; ++i) {
      hear_beat(vouched, status);
      loop.advance(seconds(1));
    }
  }
  void lose_a_believed_takeover() {
    const Epoch epoch = cluster.raise_epoch();
    cluster.node("r1").hears = false;
    cluster.take_over_alone("r1", {range(0, 99)}, epoch.value);
    loop.advance(seconds(3));
    REQUIRE(site.owner(0) == "r1");
    hear(site.topology());
    site.kill("r1");
  }
  bool pending() const { return !site.detector().state().memory.pending.empty(); }
};

/// Two detectors that watch one database and hear each other.
struct Two {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  DetectorSite first{loop, cluster, {}, {.name = "d1", .peers = 1}};
  DetectorSite second{loop, cluster, {}, {.name = "d2", .peers = 1}};

  Two() {
    first.listen_to(second);
    second.listen_to(first);
    loop.advance(seconds(5));
  }
  void same_conclusion() const {
    CHECK(first.topology().generation == second.topology().generation);
    CHECK(first.topology().claims == second.topology().claims);
    CHECK(due(first.topology().marks, second.topology().marks).empty());
  }
};

}  // namespace

TEST_CASE("two detectors come to one conclusion, and are quiet") {
  Two t;
  t.same_conclusion();
  const auto before = t.first.published.size() + t.second.published.size();
  t.loop.advance(seconds(120));
  REQUIRE(t.first.published.size() + t.second.published.size() == before);
  t.first.kill("p1");
  t.loop.advance(seconds(3));
  t.cluster.elect("r1", "p1");
  t.loop.advance(seconds(5));
  t.same_conclusion();
  REQUIRE(t.first.owner(0) == "r1");
  REQUIRE(t.first.mark_at(0).count == 0);
}

TEST_CASE("a reshard that two detectors see, each from the other too, sets no mark") {
  Two t;
  t.cluster.migrate(range(0, 9), "p1", "p2", milliseconds(50));
  t.loop.advance(seconds(10));
  t.same_conclusion();
  REQUIRE(t.first.owner(0) == "p2");
  REQUIRE(t.first.mark_at(0).owner.value == "p1");
  REQUIRE(t.second.mark_at(0).owner.value == "p1");
}

TEST_CASE("two detectors overrule in one generation, whichever is first (C10)") {
  Two t;
  const Epoch epoch = t.cluster.raise_epoch();
  t.cluster.node("r1").hears = false;
  t.cluster.take_over_alone("r1", {range(0, 99)}, epoch.value);
  t.loop.advance(seconds(3));
  t.first.kill("r1");
  t.loop.advance(seconds(60));
  t.same_conclusion();
  REQUIRE(t.first.owner(0) == "p1");
  REQUIRE(t.first.topology().generation == 2);
}

TEST_CASE("what only the peer has seen is published here too, with its mark") {
  Scene s;
  s.cluster.node("p1").state = FakeNode::State::stopped;
  s.loop.advance(seconds(1));
  Topology told = after_failover(s.site.topology());
  s.hear(told);
  s.loop.advance(seconds(1));
  REQUIRE(s.site.owner(0) == "r1");
  REQUIRE(s.site.mark_at(0).replid.value == "stream-r1@4");
  REQUIRE_FALSE(s.pending());
}

TEST_CASE("while a live peer vouches for the published owner, nothing is overruled, partition by partition (C9)") {
  Scene s;
  s.lose_a_believed_takeover();
  s.pass(30, set_of({range(0, 99)}));
  REQUIRE(s.site.owner(0) == "r1");
  s.pass(15, set_of({range(50, 99), range(100, 299)}));  // of the same node, one half only
  REQUIRE(s.site.owner(0) == "p1");
  REQUIRE(s.site.owner(50) == "r1");
  REQUIRE(s.site.topology().generation == 2);
}

TEST_CASE("a peer that is degraded, or silent for three seconds, vouches for nothing") {
  Scene s;
  s.lose_a_believed_takeover();
  SECTION("degraded") {
    s.pass(15, set_of({range(0, 99)}), DetectorStatus::degraded);
  }
  SECTION("silent") {
    s.hear_beat(set_of({range(0, 99)}));
    s.loop.advance(seconds(18));
  }
  REQUIRE(s.site.owner(0) == "p1");
}

TEST_CASE("a reset does not mind who vouches") {
  Scene s;
  s.lose_a_believed_takeover();
  s.pass(2, set_of({range(0, 99)}));
  s.site.reset();
  REQUIRE(s.site.refused.empty());
  REQUIRE(s.site.owner(0) == "p1");
  REQUIRE(s.site.topology().generation == 2);
}

TEST_CASE("a peer's higher generation is followed at once, a lower one never") {
  Scene s;
  Topology told = s.site.topology();
  told.generation = 5;
  s.hear(told);
  s.loop.advance(seconds(1));
  REQUIRE(s.site.topology().generation == 5);
  s.hear(after_failover(three_shards(4), 90));
  s.loop.advance(seconds(1));
  REQUIRE(s.site.topology().generation == 5);
  REQUIRE(s.site.owner(0) == "p1");
}

TEST_CASE("a peer has published new lives, the own answers are a second old: they are asked again, not believed (C8)") {
  Scene s;
  Topology told = s.site.topology();
  for (auto& n : told.nodes) {
    if (n.id.value != "p1") continue;
    n.predecessors = {n.run_id};
    n.run_id = {"life-new"};
    n.replid = {"stream-new"};
  }
  Mark restart = mark(1, 1, "p1", "stream-new");
  restart.cause = Cause::restart;
  told.marks.set(range(0, 99), restart);
  s.cluster.node("p1").run_id = {"life-new"};
  s.cluster.node("p1").replid = {"stream-new"};
  s.hear(told);
  s.loop.advance(seconds(5));
  REQUIRE(same_event(s.site.mark_at(0), restart));
  for (const auto& p : s.site.published) CHECK(p.topology->node({"p1"})->run_id.value == "life-new");
}

TEST_CASE(
    "two begin while a node restarts: whose answer is from before it does not call the dead life the next one (C8)") {
  Scene s;
  const Topology before = s.site.topology();
  DetectorSite beginner(s.loop, s.cluster, {}, {.name = "d1", .peers = 1, .listen = seconds(3)});
  s.loop.advance(milliseconds(2990));  // it has its answers, and has published nothing
  s.cluster.start("p1");
  const RunId life = s.cluster.node("p1").run_id;
  Topology told = before;  // by one that has just begun as well, and knows of no life before this one
  for (auto& n : told.nodes) {
    if (n.id.value != "p1") continue;
    n.predecessors.clear();
    n.run_id = life;
    n.replid = s.cluster.node("p1").replid;
  }
  Speaker peer{.name = "d2"};
  const auto said = peer.publish(told);
  beginner.tell([said](Detector& d, Now now) { return d.on_publication(said, now); });
  const auto beat = peer.beat();
  beginner.tell([beat](Detector& d, Now now) { return d.on_beat(beat, now); });
  s.cluster.node("p1").state = FakeNode::State::stopped;  // nor does it say anything new in time
  s.loop.advance(seconds(1));
  REQUIRE_FALSE(beginner.published.empty());
  s.cluster.node("p1").state = FakeNode::State::up;
  s.loop.advance(seconds(5));
  for (const auto& p : beginner.published) CHECK(p.topology->node({"p1"})->run_id == life);
}

TEST_CASE("a change learnt by joining, unmarked, while an earlier reshard is pending, is marked at once (C16)") {
  Scene s;
  s.cluster.migrate(range(0, 9), "p1", "p2", seconds(60));  // p1 goes on to claim it
  s.site.hint({HintKind::redirected, {}, {}, Partition{0}});
  s.loop.advance(milliseconds(200));
  REQUIRE(s.pending());
  Topology told = s.site.topology();
  told.claims.set(range(0, 9), claim("p3", 9));
  s.hear(told);
  s.cluster.node("p1").self.owns = {range(10, 99)};  // as if all had been in order
  s.loop.advance(seconds(6));
  REQUIRE(s.site.owner(0) == "p3");
  REQUIRE(s.site.mark_at(0).owner.value == "p3");
  REQUIRE(s.site.mark_at(0).cause == Cause::failover);
  REQUIRE_FALSE(s.pending());
}

TEST_CASE("a change learnt by joining, unmarked, that cannot be a reshard is marked at once (C16)") {
  Scene s;
  s.cluster.node("p1").state = FakeNode::State::stopped;
  s.loop.advance(milliseconds(500));
  Topology told = s.site.topology();
  told.claims.set(range(0, 99), claim("r1", 4));  // a replica: and who published this died before its mark
  s.hear(told);
  s.loop.advance(milliseconds(100));
  REQUIRE(s.site.owner(0) == "r1");
  REQUIRE(s.site.mark_at(0).owner.value == "r1");
}

TEST_CASE("a turn of an epoch that a peer brought needs answers asked for after it came (C15)") {
  Scene s;
  Topology told = s.site.topology();
  told.claims.set(range(0, 99), claim("", 1, 1));  // nobody owns it; the own answers of a moment ago say p1
  s.hear(told);
  s.loop.advance(milliseconds(3));
  REQUIRE(s.site.owner(0).empty());
  s.loop.advance(seconds(5));
  REQUIRE(s.site.owner(0) == "p1");
  REQUIRE(s.site.topology().claims.find({0})->turn == 2);
  REQUIRE(s.site.topology().generation == 1);
}
