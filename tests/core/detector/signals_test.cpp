#include "detector_site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

const TimePoint start = TimePoint{} + std::chrono::hours(1);

/// What is asked in ten seconds of a healthy shard and of a suspect one, everything answered at once.
std::set<Question> asked(Prober& prober) {
  std::set<Question> out;
  prober.suspect({"p1"}, start);
  prober.urgent({"p2", 1}, Question::epoch);
  for (TimePoint now = start; now < start + seconds(10); now += milliseconds(5))
    for (const auto& ask : prober.due(now)) {
      out.insert(ask.question);
      prober.answered(ask.endpoint, ask.question);
    }
  return out;
}

std::vector<Target> two_shards() {
  return {{{"p1", 1}, {"p1"}, Role::primary, {"p1"}},
          {{"r1", 1}, {"r1"}, Role::replica, {"p1"}},
          {{"p2", 1}, {"p2"}, Role::primary, {"p2"}},
          {{"r2", 1}, {"r2"}, Role::replica, {"p2"}}};
}

std::set<Question> asked_without(Signal off) {
  ProbeSettings settings;
  settings.signals.set(off, false);
  Prober prober(settings, redis_cost);
  prober.set_targets(two_shards());
  return asked(prober);
}

}  // namespace

TEST_CASE("a signal that is switched off costs no command, and the others go on") {
  CHECK(asked_without(Signal::role) == std::set{Question::view, Question::epoch, Question::alive});
  CHECK(asked_without(Signal::heartbeat) == std::set{Question::view, Question::role, Question::epoch});
  CHECK(asked_without(Signal::epoch) == std::set{Question::view, Question::role, Question::alive});
  CHECK(asked_without(Signal::channel) == std::set{Question::view, Question::role, Question::epoch, Question::alive});
}

TEST_CASE("with any signal switched off a failover is seen later, and rightly") {
  for (const auto off : all_signals) {
    INFO(text_of(off));
    VirtualLoop loop;
    FakeCluster cluster(loop);
    Signals signals;
    signals.set(off, false);
    DetectorSite site(loop, cluster, {}, {.signals = signals});
    loop.advance(seconds(3));
    site.published.clear();
    site.kill("p1");
    loop.advance(seconds(2));
    cluster.elect("r1", "p1");
    loop.advance(seconds(3));
    CHECK(site.owner(0) == "r1");
    REQUIRE_FALSE(site.published.empty());
    CHECK(site.published.front().at - cluster.promoted_at <= seconds(2));
    CHECK(site.mark_at(0).owner == NodeId{"r1"});
  }
}

TEST_CASE("what an ACL forbids is said once, with the rule, and asked again now and then until it is permitted") {
  Prober prober({}, redis_cost);
  prober.set_targets(two_shards());
  int tries = 0;
  for (TimePoint now = start; now < start + seconds(60); now += milliseconds(5))
    for (const auto& ask : prober.due(now)) {
      prober.answered(ask.endpoint, ask.question);
      if (ask.question != Question::role || ask.endpoint.host != "r1") continue;
      ++tries;
      prober.forbid(ask.endpoint, ask.question, now);
    }
  CHECK(tries >= 5);
  CHECK(tries <= 7);

  VirtualLoop loop;
  FakeCluster cluster(loop);
  DetectorSite site(loop, cluster);
  loop.advance(seconds(3));
  const auto told = [&] {
    return std::count_if(site.notes.begin(), site.notes.end(),
                         [](const std::string& note) { return note.find("signal_forbidden") == 0; });
  };
  for (int i = 0; i < 3; ++i) site.forbid({"host-r1", 7000}, Signal::channel, "+ssubscribe &dbha:parked:*");
  site.forbid({"host-r2", 7000}, Signal::channel, "+ssubscribe &dbha:parked:*");
  CHECK(told() == 1);
  CHECK(site.notes.back().find("ACL SETUSER <user> +ssubscribe &dbha:parked:*") != std::string::npos);
  CHECK(site.detector().forbidden().at(Signal::channel).size() == 2);
  site.forbid({"host-r1", 7000}, Signal::role, "+role");
  CHECK(told() == 2);
  loop.advance(seconds(15));  // it is tried again, and answered
  CHECK(site.detector().forbidden().at(Signal::role).empty());
  CHECK(site.detector().status() == DetectorStatus::ok);
}
