#include "detector/lookout.hpp"

#include "detector_site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

const TimePoint start = TimePoint{} + std::chrono::hours(1);

/// Three shards of a primary and a replica, all of whose questions are answered at once.
struct LookoutSite {
  LookoutSite() { lookout.set_targets(targets()); }

  static std::vector<Target> targets() {
    std::vector<Target> out;
    for (const std::string n : {"1", "2", "3"}) {
      out.push_back({{"p" + n, 1}, {"p" + n}, Role::primary, {"p" + n}});
      out.push_back({{"r" + n, 1}, {"r" + n}, Role::replica, {"p" + n}});
    }
    return out;
  }

  static PartitionMap<PendingReshard> moved(const std::string& from, TimePoint at) {
    PartitionMap<PendingReshard> out;
    PendingReshard pending;
    pending.from = {from};
    pending.since = at;
    out.set({{0}, {9}}, pending);
    return out;
  }

  void pending(const PartitionMap<PendingReshard>& open) { lookout.concluded({}, {}, open, {}, now); }

  /// How often each node is asked for its view in this time, but for the rounds.
  std::map<std::string, int> looks(Duration duration) {
    std::map<std::string, int> out;
    for (const TimePoint until = now + duration; now < until; now += milliseconds(1)) {
      lookout.look_closer(now);
      for (const auto& ask : lookout.prober().due(now)) {
        if (ask.question == Question::view) ++out[ask.endpoint.host];
        lookout.prober().answered(ask.endpoint, ask.question);
      }
    }
    return out;
  }

  TimePoint now = start;
  Lookout lookout{{}, redis_cost};
};

}  // namespace

TEST_CASE("in a chain of reshards each old owner is asked as soon, and as often, as the first one was") {
  LookoutSite watch;
  watch.looks(seconds(2));
  watch.pending(LookoutSite::moved("p1", watch.now));
  const int first = watch.looks(milliseconds(100))["p1"];
  REQUIRE(first >= 5);
  for (int n = 0; n < 30; ++n) {  // one move after the other, without a moment in which nothing is open
    const std::string from = n % 2 ? "p1" : "p2";
    watch.pending(LookoutSite::moved(from, watch.now));
    const auto looks = watch.looks(milliseconds(100));
    INFO("move " << n);
    REQUIRE(looks.at(from) >= first - 2);
  }
}

TEST_CASE("what stays open for long is looked at ever more rarely, beside what is new") {
  LookoutSite watch;
  const auto old = LookoutSite::moved("p1", watch.now);
  watch.pending(old);
  watch.looks(seconds(60));
  REQUIRE(watch.looks(seconds(2))["p1"] <= 6);  // its rounds among them
  auto both = old;
  PendingReshard recent;
  recent.from = {"p2"};
  recent.since = watch.now;
  both.set({{10}, {19}}, recent);
  watch.pending(both);
  const auto looks = watch.looks(milliseconds(500));
  CHECK(looks.at("p2") >= 10);
  CHECK((!looks.contains("p1") || looks.at("p1") <= 2));
}
