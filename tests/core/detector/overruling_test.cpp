/// R5: what loses against the published claim, and is true all the same. Three shards of 100 partitions.

#include "detector_site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

struct Scene {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  DetectorSite site{loop, cluster};

  Scene() {
    loop.advance(seconds(5));
    site.published.clear();
  }
  std::uint64_t generation() const { return site.topology().generation; }

  /// r1, cut off, takes over just when another shard's election has raised the voters' epochs: believed for now.
  void take_over_believed() {
    const Epoch epoch = cluster.raise_epoch();
    cluster.node("r1").hears = false;
    cluster.take_over_alone("r1", {range(0, 99)}, epoch.value);
    loop.advance(seconds(3));
    REQUIRE(site.owner(0) == "r1");
  }
};

/// What was published of a database that has been rebuilt since: other nodes, later epochs.
DetectorState before_the_rebuild() {
  Topology old = three_shards();
  for (auto& n : old.nodes) n.id.value = "a-former-" + n.id.value;
  for (auto& n : old.nodes) n.endpoint.host = n.id.value;
  old.claims = {};
  old.marks = {};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::string owner = "a-former-p" + std::to_string(i + 1);
    old.claims.set(range(100 * i, 100 * i + 99), claim(owner, 40 + i));
    old.marks.set(range(100 * i, 100 * i + 99), mark(40 + i, 0, owner, "a-former-stream"));
  }
  return {shared(std::move(old)), {}};
}

}  // namespace

TEST_CASE(
    "an isolated replica takes over, is believed, and is lost: the majority's owner comes back after ten seconds "
    "(C2)") {
  Scene s;
  s.take_over_believed();
  const auto wrong = s.site.topology().claims.find({0})->epoch;
  s.site.kill("r1");
  s.loop.advance(milliseconds(9500));
  REQUIRE(s.site.owner(0) == "r1");
  s.loop.advance(seconds(4));
  REQUIRE(s.site.owner(0) == "p1");
  REQUIRE(s.generation() == 2);
  REQUIRE(s.site.topology().claims.find({0})->epoch < wrong);
  REQUIRE(s.site.mark_at(0).cause == Cause::overruled);
  REQUIRE(s.site.mark_at(0).old_owner.value == "r1");
  REQUIRE(s.site.mark_at(100) == mark(2, 0, "p2", "stream-p2"));  // the others keep their claims and marks
  REQUIRE(s.site.owner(100) == "p2");
  s.loop.advance(seconds(60));
  REQUIRE(s.generation() == 2);
}

TEST_CASE("as long as the published owner claims its partitions itself, nothing overrules it") {
  Scene s;
  s.take_over_believed();
  s.cluster.node("p2").ok = false;  // that another owner does not stand up for itself concerns its partitions alone
  s.loop.advance(seconds(60));
  REQUIRE(s.site.owner(0) == "r1");
  REQUIRE(s.generation() == 1);
}

TEST_CASE("a published owner that stands up again within the ten seconds is a break") {
  Scene s;
  s.take_over_believed();
  s.cluster.node("p2").ok = false;
  for (int i = 0; i < 3; ++i) {
    s.cluster.node("r1").state = FakeNode::State::stopped;
    s.loop.advance(seconds(8));
    s.cluster.node("r1").state = FakeNode::State::up;
    s.loop.advance(milliseconds(1200));
  }
  REQUIRE(s.site.owner(0) == "r1");
  REQUIRE(s.generation() == 1);
}

TEST_CASE(
    "a primary that was cut off and bumped, replaced and forgotten, is published nowhere and raises no generation "
    "(C1)") {
  Scene s;
  FakeNode& p3 = s.cluster.node("p3");
  p3.hears = false;
  p3.self.epoch = {57};
  p3.current_epoch = {57};
  s.cluster.elect("r3", "p3");
  s.loop.advance(seconds(3));
  for (auto& [id, n] : s.cluster.nodes())
    if (id.value != "p3") n.others.erase({"p3"});
  s.loop.advance(seconds(2));
  for (auto& [id, n] : s.cluster.nodes()) n.current_epoch = {57};  // the link heals, and gossip of the epoch with it
  s.loop.advance(seconds(3));
  REQUIRE(s.site.owner(200) == "r3");
  const auto published = s.site.published.size();
  s.loop.advance(seconds(120));
  REQUIRE(s.site.owner(200) == "r3");
  REQUIRE(s.generation() == 1);
  REQUIRE(s.site.published.size() == published);
}

TEST_CASE("partitions that become lower one after the other go together, in one generation (C10)") {
  Scene s;
  // r1 and r2, both cut off, take over; what they took they lose one after the other
  const Epoch first = s.cluster.raise_epoch();
  s.cluster.node("r1").hears = false;
  s.cluster.take_over_alone("r1", {range(0, 99)}, first.value);
  s.loop.advance(seconds(3));
  const Epoch second = s.cluster.raise_epoch();
  s.cluster.node("r2").hears = false;
  s.cluster.take_over_alone("r2", {range(100, 199)}, second.value);
  s.loop.advance(seconds(3));
  REQUIRE(s.site.owner(0) == "r1");
  REQUIRE(s.site.owner(100) == "r2");
  s.site.kill("r1");
  s.loop.advance(seconds(6));
  s.site.kill("r2");
  s.loop.advance(seconds(30));
  REQUIRE(s.site.owner(0) == "p1");
  REQUIRE(s.site.owner(100) == "p2");
  REQUIRE(s.generation() == 2);
}

TEST_CASE("a detector with an old store follows a database that was rebuilt, its epochs from the start again") {
  VirtualLoop loop;
  FakeCluster cluster(loop);
  DetectorSite site(loop, cluster, before_the_rebuild());
  loop.advance(seconds(9));
  REQUIRE(site.owner(0) == "a-former-p1");
  loop.advance(seconds(5));
  REQUIRE(site.topology().generation == 2);
  for (const std::uint32_t p : {0U, 100U, 200U}) {
    REQUIRE(site.owner(p) == "p" + std::to_string(p / 100 + 1));
    REQUIRE(site.mark_at(p).cause == Cause::overruled);
  }
  REQUIRE(site.topology().claims.find({0})->epoch.value == 1);
  REQUIRE(site.topology().nodes.size() == 6);
  // it is a database like any other from now on: its next failover is followed at once
  site.kill("p1");
  loop.advance(seconds(3));
  cluster.elect("r1", "p1");
  loop.advance(seconds(1));
  REQUIRE(site.owner(0) == "r1");
  REQUIRE(site.topology().generation == 2);
}

TEST_CASE("partitions given to a node with a lower epoch are followed, and once only (C4)") {
  Scene s;
  // DELSLOTS on p3, which has the highest epoch, ADDSLOTS on p1
  s.cluster.node("p3").self.owns.clear();
  s.cluster.spread("p3");
  s.loop.advance(seconds(5));
  REQUIRE(s.site.owner(200).empty());
  s.cluster.node("p1").self.owns.push_back(range(200, 299));
  s.cluster.spread("p1");
  s.loop.advance(seconds(14));
  REQUIRE(s.site.owner(200) == "p1");
  REQUIRE(s.generation() == 2);
  REQUIRE(s.site.mark_at(200).owner.value == "p1");
  s.loop.advance(seconds(60));
  REQUIRE(s.generation() == 2);
}

TEST_CASE(
    "partitions taken from a node and given back at its epoch are followed at once, in the same generation (C15)") {
  Scene s;
  const auto owns = s.cluster.node("p3").self.owns;
  s.cluster.node("p3").self.owns.clear();
  s.cluster.spread("p3");
  s.loop.advance(seconds(5));
  REQUIRE(s.site.owner(200).empty());
  s.cluster.node("p3").self.owns = owns;
  s.cluster.spread("p3");
  s.loop.advance(seconds(3));
  REQUIRE(s.site.owner(200) == "p3");
  s.loop.advance(seconds(30));
  REQUIRE(s.generation() == 1);
}

TEST_CASE("a reset overrules at once, also an owner that stands up for itself") {
  Scene s;
  s.take_over_believed();
  s.site.reset();
  REQUIRE(s.site.refused.empty());
  REQUIRE(s.site.owner(0) == "p1");
  REQUIRE(s.generation() == 2);
}

TEST_CASE("a reset is refused while the detector is degraded, and where there is nothing to overrule: it says why") {
  Scene s;
  s.site.reset();
  REQUIRE(s.site.refused.find("nothing to overrule") == 0);
  s.cluster.node("p1").state = FakeNode::State::stopped;
  s.cluster.node("p2").state = FakeNode::State::stopped;
  s.loop.advance(seconds(5));
  s.site.reset();
  REQUIRE(s.site.refused == "the detector is degraded: only 1 of 3 primaries answer");
  REQUIRE(s.generation() == 1);
}
