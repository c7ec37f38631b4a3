/// What the detector tells of itself: by which sign, in which order, how long after what, and who bore it out.

#include "detector_site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

using Words = std::vector<std::string>;

/// Three shards of 100 partitions, watched for five quiet seconds.
struct Scene {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  DetectorSite site{loop, cluster};

  Scene() {
    loop.advance(seconds(5));
    forget();
  }
  void forget() {
    site.published.clear();
    site.told.clear();
    site.records.clear();
  }
  const Record* record(const std::string& event, const std::string& sign = {}) const {
    for (const auto& r : site.records)
      if (r.event == event && (sign.empty() || (r.sign && r.sign->what == sign))) return &r;
    return nullptr;
  }
  /// Of the only change of owner in the only publication.
  const ClaimRecord& change() const {
    REQUIRE(site.published.size() == 1);
    REQUIRE(site.published[0].evidence.size() == 1);
    return site.published[0].evidence[0];
  }
};

/// Those of the words that stand in `wanted`, once each.
Words course(const Words& told, const Words& wanted) {
  Words out;
  for (const auto& word : told)
    if (std::find(wanted.begin(), wanted.end(), word) != wanted.end() &&
        std::find(out.begin(), out.end(), word) == out.end())
      out.push_back(word);
  return out;
}

}  // namespace

TEST_CASE("a kill is told from its first sign to its confirmation, in order, each step with its time") {
  Scene s;
  const auto killed = s.loop.now();
  s.site.kill("p1");
  s.loop.advance(seconds(6));
  s.cluster.elect("r1", "p1");
  s.loop.advance(seconds(20));

  const Words wanted{"suspicion", "signal", "published", "suspicion_over", "claim_confirmed"};
  REQUIRE(course(s.site.told, wanted) ==
          Words{"suspicion", "signal", "published", "suspicion_over", "claim_confirmed"});

  const Record* suspicion = s.record("suspicion");
  REQUIRE(suspicion->shard.value == "p1");
  REQUIRE(suspicion->sign->what == "connection_lost");
  REQUIRE(suspicion->sign->endpoint == s.cluster.node("p1").self.endpoint);
  const Record* promoted = s.record("signal", "promoted");
  REQUIRE(promoted);
  REQUIRE(promoted->sign->node.value == "r1");
  REQUIRE(*promoted->after > milliseconds(5900));

  const ClaimRecord& change = s.change();
  REQUIRE(change.partitions == set_of({range(0, 99)}));
  REQUIRE(change.before == claim("p1", 1));
  REQUIRE(change.claim == claim("r1", 4));
  REQUIRE(change.road == Road::announced);
  REQUIRE(change.proof.owner == Showing{{"r1"}, {4}});
  REQUIRE(change.proof.heard.count >= 2);
  REQUIRE(change.steps.sign == "connection_lost");
  REQUIRE(*change.steps.suspected == s.site.published[0].at - killed - milliseconds(5));
  REQUIRE(*change.steps.promoted > Duration(0));
  REQUIRE(*change.steps.promoted <= milliseconds(8));
  REQUIRE(*change.steps.claimed <= *change.steps.promoted);
  REQUIRE(s.site.published[0].marked.size() == 100);
  REQUIRE(s.site.published[0].marked.find({0})->cause == Cause::failover);

  const Record* confirmed = s.record("claim_confirmed");
  REQUIRE(*confirmed->after >= FakeCluster::gossip - milliseconds(8));
  REQUIRE(confirmed->claims.at(0).proof.named.count >= 2);
  REQUIRE(confirmed->claims.at(0).partitions == set_of({range(0, 99)}));
}

TEST_CASE("of one kind of sign the first one of a suspicion is told, however many come") {
  Scene s;
  s.cluster.node("p1").state = FakeNode::State::stopped;
  for (int i = 0; i < 500; ++i) {
    s.site.hint({HintKind::silent, {"p1"}, {}, std::nullopt, "told by controller sb-1"});
    s.loop.advance(milliseconds(2));
  }
  REQUIRE(std::count(s.site.told.begin(), s.site.told.end(), "suspicion") == 1);
  REQUIRE(s.record("suspicion")->detail.find("silent (told by controller sb-1)") != std::string::npos);
  REQUIRE(std::count(s.site.told.begin(), s.site.told.end(), "signal") == 1);
  REQUIRE(s.record("signal")->sign->what == "no_answer");
}

TEST_CASE("a sign that names no more than a partition is told of the shard that owns it") {
  Scene s;
  s.site.hint({HintKind::redirected, {}, {}, Partition{150}, {}});
  REQUIRE(s.record("suspicion"));
  REQUIRE(s.record("suspicion")->shard.value == "p2");
  REQUIRE(s.record("suspicion")->sign->what == "redirected");
}

TEST_CASE("what only a minority bears out is refused with who has heard of it") {
  Scene s;
  s.cluster.node("r1").hears = false;
  s.cluster.take_over_alone("r1", {range(0, 99)}, 9);
  s.loop.advance(seconds(2));
  REQUIRE(s.site.published.empty());
  const Record* refused = s.record("claim_withheld");
  REQUIRE(refused);
  REQUIRE(refused->claims.size() == 1);
  const ClaimRecord& claim_refused = refused->claims[0];
  REQUIRE_FALSE(claim_refused.road);
  REQUIRE(claim_refused.claim == claim("r1", 9));
  REQUIRE(claim_refused.refused.find("only 1 of 3 voters show epoch 9") != std::string::npos);
  REQUIRE(claim_refused.proof.owner == Showing{{"r1"}, {9}});
  REQUIRE(claim_refused.proof.heard.some == std::vector<Showing>{{{"r1"}, {9}}});
}

TEST_CASE("a claim that stood refused before it was published says for how long") {
  Scene s;
  s.cluster.node("r1").hears = false;
  s.cluster.take_over_alone("r1", {range(0, 99)}, 9);
  s.loop.advance(seconds(2));
  REQUIRE(s.site.published.empty());
  s.cluster.node("r1").hears = true;
  s.cluster.spread("r1");
  s.loop.advance(seconds(3));
  REQUIRE(*s.change().steps.claimed > milliseconds(900));
}

TEST_CASE("an overruling is told with the majority that names the lower claim") {
  Scene s;
  const Epoch epoch = s.cluster.raise_epoch();
  s.cluster.node("r1").hears = false;
  s.cluster.take_over_alone("r1", {range(0, 99)}, epoch.value);
  s.loop.advance(seconds(3));
  REQUIRE(s.site.owner(0) == "r1");
  s.forget();
  s.site.kill("r1");
  s.loop.advance(seconds(15));
  REQUIRE(s.site.owner(0) == "p1");
  const auto noted = std::find(s.site.told.begin(), s.site.told.end(), "claims_overruled");
  REQUIRE(noted != s.site.told.end());
  REQUIRE(*std::next(noted) == "published");
  const auto next_generation = std::find_if(s.site.published.begin(), s.site.published.end(),
                                            [](const auto& p) { return p.topology->generation == 2; });
  REQUIRE(next_generation != s.site.published.end());
  const auto& overruled = next_generation->evidence;
  const auto found =
      std::find_if(overruled.begin(), overruled.end(), [](const auto& c) { return c.claim.owner.value == "p1"; });
  REQUIRE(found != overruled.end());
  REQUIRE(found->road == Road::overruled);
  REQUIRE(found->before->owner.value == "r1");
  REQUIRE(found->proof.named.count >= 2);
}

TEST_CASE("a reshard is told as one that waits for the old owner's word, and then as borne out") {
  Scene s;
  s.cluster.migrate(range(0, 9), "p1", "p2", milliseconds(40));
  s.loop.advance(seconds(3));
  const Words wanted{"published", "reshard_waits", "reshard_borne_out", "reshard_was_failover"};
  REQUIRE(course(s.site.told, wanted) == Words{"published", "reshard_waits", "reshard_borne_out"});
  REQUIRE(s.record("reshard_waits")->detail == "0-9 p1 -> p2");
  REQUIRE(s.site.published.front().marked.empty());
}

TEST_CASE("a reshard whose old owner is gone is told as the failover that it was") {
  Scene s;
  s.cluster.migrate(range(0, 9), "p1", "p2", seconds(60));
  s.site.kill("p1");
  s.loop.advance(seconds(8));
  const Words wanted{"reshard_waits", "reshard_borne_out", "reshard_was_failover"};
  REQUIRE(course(s.site.told, wanted) == Words{"reshard_waits", "reshard_was_failover"});
}
