/// R7: a reshard told from a failover. Three shards of 100 partitions; p1's partitions 0 to 9 go to p2.

#include "detector_site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

const auto moved = range(0, 9);

struct Scene {
  VirtualLoop loop;
  FakeCluster cluster;
  DetectorSite site{loop, cluster};

  explicit Scene(std::uint32_t shards = 3) : cluster(loop, shards) {
    loop.advance(seconds(5));
    site.published.clear();
  }
  bool pending() const { return !site.detector().state().memory.pending.empty(); }
  std::string last_change() const { return site.published.empty() ? "nothing" : site.published.back().changes; }
};

}  // namespace

TEST_CASE("partitions move between living primaries: routed to the new owner, no mark") {
  Scene s;
  const Mark before = s.site.mark_at(0);
  s.cluster.migrate(moved, "p1", "p2");
  s.loop.advance(seconds(10));
  REQUIRE(s.site.owner(0) == "p2");
  REQUIRE(s.site.owner(10) == "p1");
  REQUIRE(s.last_change() == "reshard 0-9 p1->p2");
  REQUIRE(s.site.mark_at(0) == before);
  REQUIRE_FALSE(s.pending());
}

TEST_CASE("the route does not wait for the old owner, the decision on the mark does") {
  Scene s;
  s.cluster.migrate(moved, "p1", "p2", milliseconds(900));
  s.site.hint({HintKind::redirected, {}, {}, Partition{0}});
  s.loop.advance(milliseconds(200));
  REQUIRE(s.site.owner(0) == "p2");
  REQUIRE(s.pending());
  s.loop.advance(milliseconds(1100));
  REQUIRE_FALSE(s.pending());
  REQUIRE(s.site.mark_at(0).owner.value == "p1");
}

TEST_CASE("the old owner never answers after the move: three seconds later it is a failover") {
  Scene s;
  s.cluster.migrate(moved, "p1", "p2");
  s.site.kill("p1");
  s.loop.advance(milliseconds(2500));
  REQUIRE(s.site.owner(0) == "p2");
  REQUIRE(s.pending());
  s.loop.advance(milliseconds(1500));
  REQUIRE_FALSE(s.pending());
  REQUIRE(s.site.mark_at(0).cause == Cause::failover);
  REQUIRE(s.site.mark_at(0).owner.value == "p2");
  REQUIRE(s.site.mark_at(0).old_owner.value == "p1");
  REQUIRE(s.last_change() == "failover 0-9 p1->p2");
  REQUIRE(s.site.mark_at(10).owner.value == "p1");
}

TEST_CASE("the old owner answers in another life: it is a failover at once") {
  Scene s;
  s.cluster.migrate(moved, "p1", "p2", seconds(60));
  s.site.hint({HintKind::redirected, {}, {}, Partition{0}});
  s.loop.advance(milliseconds(200));
  REQUIRE(s.pending());
  s.cluster.start("p1");
  s.loop.advance(milliseconds(1000));
  REQUIRE(s.site.mark_at(0).cause == Cause::failover);
  REQUIRE(s.site.mark_at(10).cause == Cause::restart);
}

TEST_CASE("a promoted replica is never a reshard, also where the old owner is still there") {
  Scene s;
  s.cluster.hand_over("r1", "p1");
  s.loop.advance(milliseconds(15));
  REQUIRE(s.site.owner(0) == "r1");
  REQUIRE(s.site.mark_at(0).cause == Cause::failover);
}

TEST_CASE("a failover and a migration while nobody looks seem to be one move: marked (C6)") {
  Scene s;
  const auto stored = s.site.detector().state();
  s.cluster.hand_over("r1", "p1");
  s.loop.advance(milliseconds(100));
  s.cluster.migrate(moved, "r1", "p2");
  s.loop.advance(milliseconds(100));
  DetectorSite second(s.loop, s.cluster, stored);
  s.loop.advance(seconds(5));
  REQUIRE(second.owner(0) == "p2");
  REQUIRE(second.mark_at(0).cause == Cause::failover);
  REQUIRE(second.mark_at(0).owner.value == "p2");
}

TEST_CASE("a primary that was cut off takes back what the majority gave away: marked (C7)") {
  Scene s;
  FakeNode& p1 = s.cluster.node("p1");
  p1.hears = false;
  s.cluster.elect("r1", "p1");
  s.loop.advance(seconds(3));
  REQUIRE(s.site.owner(0) == "r1");
  const Mark lost = s.site.mark_at(0);
  p1.hears = true;
  p1.self.epoch = {p1.current_epoch.value + 9};
  p1.current_epoch = p1.self.epoch;
  s.cluster.node("r1").self.owns.clear();
  s.cluster.spread("p1");
  s.loop.advance(seconds(5));
  REQUIRE(s.site.owner(0) == "p1");
  REQUIRE_FALSE(s.pending());
  REQUIRE(s.site.mark_at(0).owner.value == "p1");
  REQUIRE(s.site.mark_at(0).epoch > lost.epoch);
}

TEST_CASE("a primary that gives away all it has becomes the new owner's replica: still a reshard") {
  Scene s;
  s.cluster.migrate(range(0, 99), "p1", "p2");
  s.cluster.follow("p1", "p2");
  s.loop.advance(seconds(10));
  REQUIRE(s.site.owner(50) == "p2");
  REQUIRE(s.site.mark_at(50).owner.value == "p1");
  REQUIRE_FALSE(s.pending());
}

TEST_CASE("an emptied primary that follows the new owner after an election in between has lost writes") {
  Scene s;
  s.cluster.raise_epoch();  // what the election of a replica took, before it gave all to p2
  s.cluster.migrate(range(0, 99), "p1", "p2");
  s.cluster.follow("p1", "p2");
  s.loop.advance(seconds(10));
  REQUIRE(s.site.mark_at(50).cause == Cause::failover);
}

TEST_CASE("the new owner restarts empty before its claim is published: what it got is lost with the rest") {
  Scene s;
  s.cluster.migrate(moved, "p1", "p2");
  FakeNode& p2 = s.cluster.node("p2");
  p2.ok = false;  // as Redis says for two seconds after a start: so the claim waits until others name it
  s.cluster.start("p2");
  s.loop.advance(seconds(5));
  REQUIRE(s.site.owner(0) == "p2");
  REQUIRE(s.site.mark_at(100).cause == Cause::restart);
  REQUIRE(s.site.mark_at(0).owner.value == "p2");
  REQUIRE(s.site.mark_at(0).cause == Cause::failover);
}

TEST_CASE("a primary restarts while its epoch, risen by a reshard, is not confirmed: one event, not two") {
  Scene s;
  s.cluster.migrate(moved, "p1", "p2", seconds(60));  // nobody but p2 knows its new epoch
  s.loop.advance(seconds(2));
  const auto before = s.site.mark_at(100);
  s.cluster.start("p2");
  s.loop.advance(seconds(2));
  const Mark restarted = s.site.mark_at(100);
  REQUIRE(restarted.cause == Cause::restart);
  REQUIRE(restarted.count == before.count + 1);
  REQUIRE(restarted.replid == s.cluster.node("p2").replid);
  s.cluster.spread("p2");
  s.loop.advance(seconds(5));
  REQUIRE(s.site.mark_at(100) == restarted);
}

TEST_CASE(
    "an election and a migration take the same epoch: what moved may have moved after the election, and is marked") {
  Scene s;
  s.cluster.migrate(moved, "p1", "p2");  // p1 has let go, and does not know yet that it is no primary any more
  s.cluster.take_over_alone("r1", {range(10, 99)}, s.cluster.node("p2").self.epoch.value);
  s.loop.advance(seconds(2));
  REQUIRE(s.site.owner(0) == "p2");
  REQUIRE_FALSE(s.pending());
  REQUIRE(s.site.mark_at(0).owner.value == "p2");
  REQUIRE(s.site.mark_at(0).cause == Cause::failover);
}

TEST_CASE("another change of owner comes before the first was borne out: both are one failover") {
  Scene s;
  s.cluster.migrate(moved, "p1", "p2", seconds(60));  // p1 goes on to claim it
  s.site.hint({HintKind::redirected, {}, {}, Partition{0}});
  s.loop.advance(milliseconds(200));
  REQUIRE(s.pending());
  s.cluster.migrate(moved, "p2", "p3");
  s.loop.advance(milliseconds(1500));
  REQUIRE(s.site.owner(0) == "p3");
  REQUIRE(s.site.mark_at(0).owner.value == "p3");
  REQUIRE(s.site.mark_at(0).cause == Cause::failover);
}

TEST_CASE("a detector that starts again goes on with what was pending") {
  Scene s;
  s.cluster.migrate(moved, "p1", "p2", milliseconds(1500));
  s.site.hint({HintKind::redirected, {}, {}, Partition{0}});
  s.loop.advance(milliseconds(200));
  REQUIRE(s.pending());
  const auto stored = s.site.detector().state();
  SECTION("the old owner bears it out") {
    DetectorSite second(s.loop, s.cluster, stored);
    s.loop.advance(seconds(5));
    REQUIRE(second.mark_at(0).owner.value == "p1");
    REQUIRE(second.detector().state().memory.pending.empty());
  }
  SECTION("the old owner is gone") {
    s.site.kill("p1");
    DetectorSite second(s.loop, s.cluster, stored);
    s.loop.advance(seconds(2));
    REQUIRE_FALSE(second.detector().state().memory.pending.empty());  // its three seconds began anew
    s.loop.advance(seconds(3));
    REQUIRE(second.mark_at(0).owner.value == "p2");
  }
}

TEST_CASE("a detector that starts again and has not heard the new owner waits for it before it calls it a failover") {
  Scene s;
  const auto stored = s.site.detector().state();
  const ReplId as_stored = s.cluster.node("p2").replid;
  s.cluster.migrate(moved, "p1", "p2");
  s.loop.advance(seconds(1));
  s.cluster.node("p2").state = FakeNode::State::stopped;
  DetectorSite second(s.loop, s.cluster, stored);
  const auto pending = [&] {
    const auto state = second.detector().state();
    const auto* found = state.memory.pending.find({0});
    return found ? std::optional(*found) : std::nullopt;
  };
  s.loop.advance(milliseconds(500));
  REQUIRE(second.owner(0) == "p2");  // the others bear it out
  REQUIRE(pending());
  REQUIRE(pending()->taker->replid == as_stored);
  SECTION("it is what it was") {
    s.cluster.node("p2").state = FakeNode::State::up;
    s.loop.advance(seconds(5));
    REQUIRE_FALSE(pending());
    REQUIRE(second.mark_at(0).owner.value == "p1");
  }
  SECTION("it has lost what it got, with all it had") {
    s.cluster.start("p2");
    s.loop.advance(milliseconds(1500));
    REQUIRE_FALSE(pending());
    REQUIRE(second.mark_at(0).owner.value == "p2");
  }
  SECTION("it never answers") {
    s.loop.advance(seconds(4));
    REQUIRE_FALSE(pending());
    REQUIRE(second.mark_at(0).owner.value == "p2");
    REQUIRE(second.mark_at(0).cause == Cause::failover);
  }
}

TEST_CASE("after a reshard a restart of the new owner is marked on all it has") {
  Scene s;
  s.cluster.migrate(moved, "p1", "p2");
  s.loop.advance(seconds(5));
  s.cluster.start("p2");
  s.loop.advance(seconds(5));
  REQUIRE(s.site.mark_at(0).cause == Cause::restart);
  REQUIRE(s.site.mark_at(0).owner.value == "p2");
  REQUIRE(s.site.mark_at(100).cause == Cause::restart);
  REQUIRE(s.site.mark_at(10).owner.value == "p1");
}

TEST_CASE("a reshard: the old owner has named the new one, and dies before that one's claim is published") {
  Scene s(5);
  FakeNode& p2 = s.cluster.node("p2");
  p2.ok = false;  // so the claim waits until a majority names it
  for (const char* id : {"p3", "p4", "p5"}) s.cluster.node(id).hears = false;
  s.cluster.migrate(moved, "p1", "p2");
  s.loop.advance(seconds(2));
  REQUIRE(s.site.owner(0) == "p1");
  s.site.kill("p1");
  s.loop.advance(seconds(1));
  for (const char* id : {"p3", "p4", "p5"}) s.cluster.node(id).hears = true;
  s.cluster.spread("p2");
  s.loop.advance(seconds(5));
  REQUIRE(s.site.owner(0) == "p2");
  REQUIRE_FALSE(s.pending());
  REQUIRE(s.site.mark_at(0).owner.value == "p1");
}

TEST_CASE("a reshard: what a promoted replica is given by another shard before its promotion is published") {
  Scene s(5);
  s.cluster.take_over_alone("r1", {range(0, 59)}, 6);  // nobody hears of it
  s.loop.advance(seconds(2));
  REQUIRE(s.site.owner(0) == "p1");
  s.cluster.raise_epoch();
  s.cluster.migrate(range(200, 209), "p4", "r1");
  s.loop.advance(seconds(5));
  REQUIRE(s.site.owner(0) == "r1");
  REQUIRE(s.site.mark_at(0).cause == Cause::failover);
  REQUIRE(s.site.owner(200) == "r1");
  REQUIRE(s.site.mark_at(200).owner.value == "p4");
}

TEST_CASE("a reshard: what a replica is given by another shard after its promotion, while nobody looks") {
  Scene s;
  const auto stored = s.site.detector().state();
  s.cluster.hand_over("r1", "p1");
  s.loop.advance(milliseconds(100));
  s.cluster.migrate(range(200, 209), "p3", "r1");
  s.loop.advance(milliseconds(100));
  DetectorSite second(s.loop, s.cluster, stored);
  s.loop.advance(seconds(5));
  REQUIRE(second.mark_at(0).cause == Cause::failover);
  REQUIRE(second.owner(200) == "r1");
  REQUIRE(second.mark_at(200).owner.value == "p3");
}

TEST_CASE("no reshard: what a replica is given by another shard after its promotion, before it is started anew") {
  Scene s;
  const auto stored = s.site.detector().state();
  s.cluster.hand_over("r1", "p1");
  s.loop.advance(milliseconds(100));
  s.cluster.migrate(range(200, 209), "p3", "r1");
  s.loop.advance(milliseconds(100));
  s.cluster.start("r1");
  DetectorSite second(s.loop, s.cluster, stored);
  s.loop.advance(seconds(5));
  REQUIRE(second.owner(200) == "r1");
  REQUIRE(second.mark_at(200).owner.value == "r1");
}

TEST_CASE("no reshard: a promoted replica that had not heard takes back what its primary gave away") {
  Scene s;
  FakeNode& r1 = s.cluster.node("r1");
  r1.hears = false;
  s.cluster.migrate(moved, "p1", "p2");
  s.loop.advance(seconds(5));
  REQUIRE(s.site.owner(0) == "p2");
  r1.others.at({"p1"}).owns = {range(0, 99)};
  r1.hears = true;
  const auto stored = s.site.detector().state();
  s.cluster.hand_over("r1", "p1");
  s.cluster.node("p2").self.owns = {range(100, 199)};
  s.loop.advance(milliseconds(100));
  DetectorSite second(s.loop, s.cluster, stored);
  s.loop.advance(seconds(5));
  REQUIRE(second.owner(0) == "r1");
  REQUIRE(second.mark_at(0).owner.value == "r1");
}

TEST_CASE("a reshard: elections before and after it, while nobody looks, and each epoch accounted for") {
  Scene s;
  const auto stored = s.site.detector().state();
  s.cluster.hand_over("r3", "p3");
  s.loop.advance(milliseconds(100));
  s.cluster.migrate(moved, "p1", "p2");
  s.loop.advance(milliseconds(100));
  s.cluster.hand_over("r1", "p1");
  s.loop.advance(milliseconds(100));
  DetectorSite second(s.loop, s.cluster, stored);
  s.loop.advance(seconds(5));
  REQUIRE(second.owner(0) == "p2");
  REQUIRE(second.mark_at(0).owner.value == "p1");
  REQUIRE(second.owner(10) == "r1");
  REQUIRE(second.mark_at(10).cause == Cause::failover);
}
