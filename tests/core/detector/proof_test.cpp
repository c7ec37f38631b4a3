/// Who bore a decision out, by each road and for each refusal.
#include "detector/publication.hpp"
#include "fake_cluster.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

using Showings = std::vector<Showing>;

const TimePoint long_ago = TimePoint{} + std::chrono::hours(1);

Decision decide_on(FakeCluster& cluster) {
  std::map<NodeId, View> views;
  Evidence evidence;
  for (const auto& [id, n] : cluster.nodes()) {
    if (n.state != FakeNode::State::up) continue;
    View& view = views[id] = n.view();
    view.asked = long_ago + seconds(10);
    evidence.views[id] = &view;
    evidence.words[id] = {view.asked, view.ok, view.current_epoch};
  }
  return decide(three_shards().claims, candidate_of(evidence, Voters::owners), evidence, long_ago);
}

}  // namespace

TEST_CASE("a decision that changes nothing has nothing to prove") {
  VirtualLoop loop;
  FakeCluster cluster(loop);
  REQUIRE(decide_on(cluster).changes.empty());
}

TEST_CASE("an announced change names its owner and the voters that had heard of the election") {
  VirtualLoop loop;
  FakeCluster cluster(loop);
  cluster.elect("r1", "p1");
  cluster.node("p1").current_epoch = {3};  // the old primary has not heard of it, two of three are enough
  const Decision d = decide_on(cluster);
  REQUIRE(d.changes.size() == 1);
  const ClaimChange& change = d.changes.front();
  REQUIRE(change.range == range(0, 99));
  REQUIRE(change.before == claim("p1", 1));
  REQUIRE(change.claim == claim("r1", 4));
  REQUIRE(change.road == Road::announced);
  REQUIRE(change.proof.owner == Showing{{"r1"}, {4}});
  REQUIRE(change.proof.heard.count >= 2);
  for (const auto& showing : change.proof.heard.some) {
    REQUIRE(showing.node != NodeId{"p1"});
    REQUIRE(showing.epoch == Epoch{4});
  }
  REQUIRE(change.proof.voters == 3);
}

TEST_CASE("a confirmed change names the voters that name the owner, and no word of an owner that is silent") {
  VirtualLoop loop;
  FakeCluster cluster(loop);
  cluster.elect("r1", "p1");
  cluster.node("r1").state = FakeNode::State::stopped;
  cluster.node("p1").state = FakeNode::State::killed;
  cluster.spread("r1");
  const Decision d = decide_on(cluster);
  REQUIRE(d.changes.size() == 1);
  REQUIRE(d.changes.front().road == Road::confirmed);
  REQUIRE_FALSE(d.changes.front().proof.owner);
  REQUIRE(d.changes.front().proof.named.some == Showings{{{"p2"}, {4}}, {{"p3"}, {4}}});
}

TEST_CASE("a withheld claim says who had heard of it and who contests it") {
  VirtualLoop loop;
  FakeCluster cluster(loop);
  cluster.elect("r1", "p1");
  SECTION("a minority has heard") {
    cluster.node("p2").current_epoch = {3};
    cluster.node("p3").current_epoch = {3};
    const Decision d = decide_on(cluster);
    REQUIRE(d.changes.empty());
    REQUIRE(d.withheld.front().proof.owner == Showing{{"r1"}, {4}});
    REQUIRE(d.withheld.front().proof.heard.count == 1);
  }
  SECTION("another one claims at the same epoch") {
    cluster.node("p2").self.epoch = {4};
    const Decision d = decide_on(cluster);
    REQUIRE(d.withheld.front().proof.contested.some == Showings{{{"p2"}, {4}}});
  }
}

TEST_CASE("of many that were counted a few are told by name") {
  std::vector<NodeId> nodes;
  for (char c = 'z'; c >= 'a'; --c) nodes.push_back({std::string(1, c)});
  Count count;
  for (const auto& node : nodes) count.push_back({&node, {1}});
  const Voices voices = voices_of(count);
  REQUIRE(voices.count == 26);
  REQUIRE(voices.some.size() == Voices::named_at_most);
  REQUIRE(voices.some.front().node.value == "a");
  REQUIRE(voices.some.back().node.value == "i");
}
