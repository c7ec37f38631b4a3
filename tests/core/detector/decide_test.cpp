/// Candidate and publication: R1, R2, and what of C1, C13, C15 needs no time.
#include "detector/publication.hpp"
#include "fake_cluster.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

const TimePoint long_ago = TimePoint{} + std::chrono::hours(1);
const TimePoint asked = long_ago + seconds(10);

/// What the nodes of a FakeCluster would answer now.
struct Answers {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  std::map<NodeId, View> views;
  Evidence evidence;
  PartitionMap<Claim> published = three_shards().claims;

  Candidate candidate() {
    views.clear();
    evidence = {};
    for (const auto& [id, n] : cluster.nodes()) {
      if (n.state != FakeNode::State::up) continue;
      View& view = views[id] = n.view();
      view.asked = asked;
      evidence.views[id] = &view;
      evidence.words[id] = {asked, view.ok, view.current_epoch};
    }
    return candidate_of(evidence, Voters::owners);
  }
  Decision decide(TimePoint changed_at = long_ago) {
    const Candidate c = candidate();
    return dbha::decide(published, c, evidence, changed_at);
  }
  std::string owner(const Decision& d, std::uint32_t p = 0) { return d.claims.find({p})->owner.value; }
  FakeNode& node(const std::string& id) { return cluster.node(id); }
};

}  // namespace

TEST_CASE("a healthy map is its own candidate, its owners vote, and nothing is withheld") {
  Answers a;
  const Candidate c = a.candidate();
  REQUIRE(c.claims == a.published);
  REQUIRE(c.voters == std::set<NodeId>{{"p1"}, {"p2"}, {"p3"}});
  REQUIRE(c.disowned.empty());
  const Decision d = a.decide();
  REQUIRE_FALSE(d.degraded);
  REQUIRE(d.claims == a.published);
  REQUIRE(d.withheld.empty());
}

TEST_CASE("a new owner is published when it announces itself and a majority shows the election's trace") {
  Answers a;
  a.node("p1").state = FakeNode::State::killed;
  a.cluster.elect("r1", "p1");  // nobody names it yet
  const Decision d = a.decide();
  REQUIRE(*d.claims.find({0}) == claim("r1", 4));
  REQUIRE(*d.claims.find({100}) == claim("p2", 2));
}

TEST_CASE("an announcement lacks something: it is withheld, and the reason says what") {
  Answers a;
  a.cluster.elect("r1", "p1");
  std::string reason;
  SECTION("the voters have not heard of the election") {
    a.node("p2").current_epoch = {3};
    a.node("p3").current_epoch = {3};
    reason = "only 1 of 3 voters show epoch 4, and no majority names it";
  }
  SECTION("the owner does not serve") {
    a.node("r1").ok = false;
    reason = "the owner does not answer as a serving primary, and no majority names it";
  }
  SECTION("somebody else claims at the same epoch") {
    a.node("p2").self.epoch = {4};
    reason = "node p2 claims partitions at the same epoch, and no majority names it";
  }
  const Decision d = a.decide();
  REQUIRE(a.owner(d) == "p1");
  REQUIRE_FALSE(d.withheld.empty());
  REQUIRE(d.withheld.front().range == range(0, 99));
  REQUIRE(d.withheld.front().claim == claim("r1", 4));
  REQUIRE(d.withheld.front().reason == reason);
  REQUIRE_FALSE(d.withheld.front().lower);
}

TEST_CASE("a new owner that does not answer is published when a majority names it") {
  Answers a;
  a.cluster.elect("r1", "p1");
  a.node("r1").state = FakeNode::State::stopped;
  a.node("p1").state = FakeNode::State::killed;
  a.cluster.spread("r1");
  const Decision d = a.decide();
  REQUIRE(*d.claims.find({0}) == claim("r1", 4));
}

TEST_CASE("a new owner that only itself and nodes without a vote name is not believed (C2)") {
  Answers a;
  a.cluster.take_over_alone("r1", {range(0, 99)}, 7);
  a.node("r2").others[{"r1"}] = a.node("r1").self;  // a replica has heard; it has no vote
  a.node("r2").others[{"p1"}].owns.clear();
  a.node("r2").current_epoch = {7};
  const Decision d = a.decide();
  REQUIRE(d.claims == a.published);
  REQUIRE(d.withheld.size() == 1);
}

TEST_CASE("a stale node with a full old map changes nothing") {
  Answers a;
  a.cluster.elect("r1", "p1");
  a.cluster.spread("r1");
  a.cluster.follow("p1", "r1");
  a.published.set(range(0, 99), claim("r1", 4));
  FakeNode& stale = a.node("r3");
  stale.others[{"r1"}].owns.clear();
  stale.others[{"p1"}] = FakeCluster(a.loop).node("p1").self;
  const Decision d = a.decide();
  REQUIRE(d.claims == a.published);
  REQUIRE(d.withheld.empty());
}

TEST_CASE("a node that the others have forgotten is disowned, whatever it says (C1)") {
  Answers a;
  FakeNode& p3 = a.node("p3");
  p3.self.epoch = {57};
  p3.current_epoch = {57};
  a.cluster.elect("r3", "p3");
  a.cluster.spread("r3");
  for (auto& [id, n] : a.cluster.nodes())
    if (id.value != "p3") n.others.erase({"p3"});
  const Candidate c = a.candidate();
  REQUIRE(c.disowned == std::set<NodeId>{{"p3"}});
  REQUIRE(c.claims.find({200})->owner.value == "r3");
  REQUIRE(a.owner(a.decide(), 200) == "r3");
}

TEST_CASE("one voice alone disowns nobody: a primary that was cut off and lists only itself") {
  Answers a;
  a.node("p1").others.clear();
  REQUIRE(a.candidate().disowned.empty());
  a.node("p2").state = FakeNode::State::killed;
  REQUIRE(a.candidate().disowned.empty());
}

TEST_CASE("without a majority of answers nothing is published, and the reason counts them") {
  Answers a;
  a.cluster.elect("r1", "p1");
  a.node("p1").state = FakeNode::State::killed;
  a.node("p2").state = FakeNode::State::killed;
  a.node("r1").state = FakeNode::State::killed;
  Decision d = a.decide();
  REQUIRE(d.degraded);
  REQUIRE(d.reason == "only 1 of 3 primaries answer");
  REQUIRE(d.claims == a.published);
  for (auto& [id, n] : a.cluster.nodes()) n.state = FakeNode::State::killed;
  REQUIRE(a.decide().reason == "no node answers");
}

TEST_CASE(
    "the voters are the owners of the candidate map: two of three lost and taken over is a majority again (C13)") {
  Answers a;
  for (const char* lost : {"p1", "p2"}) a.node(lost).state = FakeNode::State::killed;
  REQUIRE(a.decide().degraded);
  a.cluster.elect("r1", "p1");
  a.cluster.elect("r2", "p2");
  const Decision d = a.decide();
  REQUIRE_FALSE(d.degraded);
  REQUIRE(a.owner(d, 0) == "r1");
  REQUIRE(a.owner(d, 100) == "r2");
}

TEST_CASE("a higher epoch of the same owner waits until a majority reaches it, and goes no further than that") {
  Answers a;
  a.node("p1").self.epoch = {9};
  Decision d = a.decide();
  REQUIRE(*d.claims.find({0}) == claim("p1", 1));
  REQUIRE(d.withheld.front().reason == "no majority names the owner with that epoch");
  a.node("p2").others[{"p1"}].epoch = {7};
  REQUIRE(*a.decide().claims.find({0}) == claim("p1", 7));  // p1 says 9, p2 says 7: two of three reach 7
  a.node("p3").others[{"p1"}].epoch = {9};
  REQUIRE(*a.decide().claims.find({0}) == claim("p1", 9));
}

TEST_CASE("a new owner that shows more than the majority reaches is published at what it reaches") {
  Answers a;
  a.cluster.elect("r1", "p1");
  a.cluster.spread("r1");
  a.node("r1").self.epoch = {9};  // it bumped its epoch at once; nobody has heard
  REQUIRE(*a.decide().claims.find({0}) == claim("r1", 4));
}

TEST_CASE("at an equal epoch the smaller id wins, once a majority names it, and the larger is lower") {
  Answers a;
  a.published.set(range(0, 99), claim("p9", 1));
  REQUIRE(*a.decide().claims.find({0}) == claim("p1", 1));
  a.published.set(range(0, 99), claim("p0", 1));
  const Decision d = a.decide();
  REQUIRE(a.owner(d) == "p0");
  REQUIRE(d.withheld.front().reason == "it loses the tie at an equal epoch");
  REQUIRE(d.withheld.front().lower);
}

TEST_CASE("a lower epoch is withheld as lower, whoever names it") {
  Answers a;
  a.published.set(range(0, 99), claim("r1", 50));
  const Decision d = a.decide();
  REQUIRE(a.owner(d) == "r1");
  REQUIRE(d.withheld.front().lower);
  REQUIRE(d.withheld.front().reason == "its epoch is below the published one, 50");
}

TEST_CASE(
    "nobody owns, and then the same owner at the same epoch: each needs answers asked for after the other (C15)") {
  Answers a;
  for (auto& [id, n] : a.cluster.nodes()) {
    if (id.value == "p1") n.self.owns.clear();
    if (id.value != "p1") n.others[{"p1"}].owns.clear();
  }
  REQUIRE(a.owner(a.decide(asked + milliseconds(1))) == "p1");
  const Decision nobody = a.decide();
  REQUIRE(*nobody.claims.find({0}) == claim("", 1, 1));
  a.published = nobody.claims;
  REQUIRE(a.decide().claims == nobody.claims);

  Answers back;
  back.published = nobody.claims;
  REQUIRE(back.owner(back.decide(asked + milliseconds(1))).empty());
  REQUIRE(*back.decide().claims.find({0}) == claim("p1", 1, 2));
}

TEST_CASE("partitions that one node alone has given up are kept") {
  Answers a;
  a.node("p1").self.owns = {range(0, 49)};
  const Decision d = a.decide();
  REQUIRE(d.claims == a.published);
}

TEST_CASE("a range is judged piece by piece where the answers differ within it") {
  Answers a;
  for (auto& [id, n] : a.cluster.nodes()) {  // 50-99 moved to p2, and all know it but p3, which knows of 50-74
    auto& p1 = id.value == "p1" ? n.self : n.others[{"p1"}];
    auto& p2 = id.value == "p2" ? n.self : n.others[{"p2"}];
    const std::uint32_t last = id.value == "p1" || id.value == "p2" ? 99 : 74;
    p1.owns = last == 99 ? std::vector{range(0, 49)} : std::vector{range(0, 49), range(75, 99)};
    p2.owns = {range(50, last), range(100, 199)};
    p2.epoch = {2};
  }
  const Decision d = a.decide();
  REQUIRE(a.owner(d, 49) == "p1");
  REQUIRE(a.owner(d, 50) == "p2");
  REQUIRE(a.owner(d, 99) == "p2");  // p1 and p2 are two of three
  REQUIRE(d.claims.entries().size() == 3);
}
