#include "detector/prober.hpp"

#include <random>

#include "detector_site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

const TimePoint start = TimePoint{} + std::chrono::hours(1);

std::vector<Target> shards(std::size_t n, std::size_t replicas = 1) {
  std::vector<Target> out;
  for (std::size_t i = 0; i < n; ++i) {
    const NodeId primary{"p" + std::to_string(i)};
    out.push_back({{primary.value, 1}, primary, Role::primary, primary});
    for (std::size_t r = 0; r < replicas; ++r) {
      const NodeId id{"r" + std::to_string(i) + "." + std::to_string(r)};
      out.push_back({{id.value, 1}, id, Role::replica, primary});
    }
  }
  return out;
}

/// Asks for that long, each answer coming after `answer_after`; calls visit(now, ask) for each question.
template <class Visit>
void run(Prober& prober, TimePoint& now, Duration duration, Duration answer_after, Visit visit) {
  std::multimap<TimePoint, Ask> under_way;
  const TimePoint until = now + duration;
  while (now < until) {
    for (const auto& ask : prober.due(now)) {
      visit(now, ask);
      under_way.emplace(now + answer_after, ask);
    }
    now += prober.next(now);
    while (!under_way.empty() && under_way.begin()->first <= now) {
      const auto& ask = under_way.begin()->second;
      prober.answered(ask.endpoint, ask.question);
      under_way.erase(under_way.begin());
    }
  }
}

void require_budget_kept(std::size_t shard_count, Duration duration) {
  Prober prober({}, redis_cost);
  prober.set_targets(shards(shard_count));
  std::mt19937 random(5);
  TimePoint now = start;
  const auto until = now + duration;
  LastSecond commands;
  LastSecond bytes;
  const auto count = [&](TimePoint at, const Ask& ask) {
    const auto cost = redis_cost(ask.question, prober.targets().size());
    commands.add(at, cost.commands);
    bytes.add(at, cost.bytes);
  };
  while (now < until) {
    const auto& target = prober.targets()[random() % prober.targets().size()];
    switch (random() % 4) {
      case 0:
        prober.suspect(target.shard, now);
        break;
      case 1:
        prober.clear(target.shard);
        break;
      case 2:
        prober.urgent(target.endpoint, static_cast<Question>(random() % 4));
        break;
      default:  // all of them at once, after a silence in which the budget has filled up
        if (random() % 20) break;
        now += seconds(2);
        for (const auto& t : prober.targets()) prober.urgent(t.endpoint, Question::view);
    }
    run(prober, now, milliseconds(random() % 200), microseconds(random() % 5000), count);
  }
  REQUIRE(commands.most() <= 500);
  REQUIRE(bytes.most() <= 1e6);
  REQUIRE((commands.most() > 400 || bytes.most() > 0.8e6));  // it was tried hard enough
}

}  // namespace

TEST_CASE("the probe budget holds over any second for six nodes, whatever hints come") {
  require_budget_kept(3, std::chrono::minutes(5));
}

TEST_CASE("the probe budget holds over any second for a thousand nodes, whatever hints come") {
  require_budget_kept(500, seconds(4));
}

TEST_CASE("what a round asks stretches with the database, as the README says") {
  struct Row {
    std::size_t shards;
    double period, views, replica_views, heartbeat, standing;  // ms
  };
  for (const Row& row : {Row{3, 1000, 1000, 1000, 250, 8.2}, Row{30, 1200, 1200, 1200, 250, 375},
                         Row{300, 1200, 64160, 192480, 1200, 2419}, Row{500, 2000, 176267, 528800, 2000, 3696}}) {
    Prober prober({}, redis_cost);
    prober.set_targets(shards(row.shards));
    const auto ms = [](Duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
    const Pace& pace = prober.pace();
    INFO(row.shards << " shards: period " << ms(pace.period) << " ms, views " << ms(pace.rotation)
                    << " ms, of replicas " << ms(pace.replica_rotation) << " ms, heartbeat " << ms(pace.heartbeat)
                    << " ms, standing " << ms(pace.standing) << " ms");
    CHECK(ms(pace.period) == Approx(row.period).epsilon(0.02));
    CHECK(ms(pace.rotation) == Approx(row.views).epsilon(0.02));
    CHECK(ms(pace.replica_rotation) == Approx(row.replica_views).epsilon(0.02));
    CHECK(ms(pace.heartbeat) == Approx(row.heartbeat).epsilon(0.02));
    CHECK(ms(pace.standing) == Approx(row.standing).epsilon(0.02));
  }
}

TEST_CASE(
    "in a large database each node is asked for its view in its rotation, each primary for its epoch in a period") {
  Prober prober({}, redis_cost);
  prober.set_targets(shards(70));
  REQUIRE(prober.pace().sampled);
  TimePoint now = start;
  std::map<Ask, TimePoint> last;
  std::map<Question, Duration> longest;
  run(prober, now, 3 * prober.pace().replica_rotation, milliseconds(1), [&](TimePoint at, const Ask& ask) {
    const bool replica = ask.endpoint.host[0] == 'r';
    if (last.count(ask) && !replica) longest[ask.question] = std::max(longest[ask.question], at - last[ask]);
    last[ask] = at;
  });
  const auto views =
      std::count_if(last.begin(), last.end(), [](const auto& entry) { return entry.first.question == Question::view; });
  REQUIRE(views == 140);
  CHECK(longest[Question::view] < prober.pace().rotation * 3 / 2);
  CHECK(longest[Question::epoch] < prober.period() * 3 / 2 + milliseconds(20));
}

TEST_CASE(
    "when every shard is suspect at once, the budget holds, rounds do not starve and every shard gets its share") {
  for (const std::size_t n : {3U, 30U, 70U}) {
    Prober prober({}, redis_cost);
    prober.set_targets(shards(n));
    TimePoint now = start;
    run(prober, now, 2 * prober.pace().replica_rotation, milliseconds(1), [](TimePoint, const Ask&) {});
    for (const auto& target : prober.targets()) prober.suspect(target.shard, now);
    LastSecond commands;
    LastSecond bytes;
    std::map<Endpoint, TimePoint> word;
    std::map<Endpoint, int> roles;
    Duration longest{};
    run(prober, now, seconds(25), milliseconds(1), [&](TimePoint at, const Ask& ask) {
      const auto cost = redis_cost(ask.question, prober.targets().size());
      commands.add(at, cost.commands);
      bytes.add(at, cost.bytes);
      roles[ask.endpoint] += ask.question == Question::role ? 1 : 0;
      if (ask.endpoint.host[0] != 'p' || (ask.question != Question::view && ask.question != Question::epoch)) return;
      if (word.count(ask.endpoint)) longest = std::max(longest, at - word[ask.endpoint]);
      word[ask.endpoint] = at;
    });
    INFO(n << " shards");
    CHECK(commands.most() <= 500);
    CHECK(bytes.most() <= 1e6);
    CHECK(word.size() == n);
    CHECK(longest < prober.period() * 2);  // an answer counts for two and a half
    for (std::size_t i = 0; i < n; ++i) CHECK(roles[Endpoint{"r" + std::to_string(i) + ".0", 1}] >= 5);
  }
}

TEST_CASE("replicas of healthy shards are asked ROLE at the standing interval, of a suspect shard each 5 ms") {
  Prober prober({}, redis_cost);
  prober.set_targets(shards(3));
  TimePoint now = start;
  std::map<Endpoint, int> roles;
  const auto count = [&](TimePoint, const Ask& ask) { roles[ask.endpoint] += ask.question == Question::role ? 1 : 0; };
  run(prober, now, seconds(10), milliseconds(1), count);
  const double healthy = 10 / std::chrono::duration<double>(prober.standing_interval()).count();
  for (const auto& [endpoint, n] : roles)
    if (n) CHECK(n == Approx(healthy).epsilon(0.15));
  roles.clear();
  prober.suspect({"p1"}, now);
  run(prober, now, seconds(10), milliseconds(1), count);
  REQUIRE(roles[{"r1.0", 1}] == Approx(2000).epsilon(0.1));
}

TEST_CASE("the standing interval is kept too where all replicas are asked and answer together") {
  for (const std::size_t n : {1U, 3U}) {
    Prober prober({}, redis_cost);
    prober.set_targets(shards(n));
    for (TimePoint now = start; now < start + seconds(5); now += milliseconds(50)) {  // in step
      for (const auto& ask : prober.due(now)) prober.answered(ask.endpoint, ask.question);
    }
    TimePoint now = start + seconds(5);
    std::map<Endpoint, int> roles;
    run(prober, now, seconds(5), milliseconds(1), [&](TimePoint, const Ask& ask) {
      if (ask.question == Question::role) ++roles[ask.endpoint];
    });
    const double each = 5 / std::chrono::duration<double>(prober.standing_interval()).count();
    REQUIRE(roles.size() == n);
    for (const auto& [endpoint, asked] : roles) REQUIRE(asked == Approx(each).epsilon(0.15));
  }
}

TEST_CASE("the questions of a round are spread, so that the standing ones are not held up") {
  Prober prober({}, redis_cost);
  prober.set_targets(shards(3, 3));
  TimePoint now = start;
  std::map<TimePoint, int> views;
  run(prober, now, seconds(10), milliseconds(1), [&](TimePoint at, const Ask& ask) {
    if (ask.question == Question::view && at > start + seconds(1)) ++views[at];
  });
  REQUIRE(views.size() >= 9 * 12 - 12);
  for (const auto& [at, n] : views) REQUIRE(n == 1);
}

TEST_CASE("suspicion is over after suspect_for, is not prolonged by more hints, and ends at once when cleared") {
  Prober prober({}, redis_cost);
  prober.set_targets(shards(3));
  prober.suspect({"p1"}, start);
  prober.suspect({"p1"}, start + seconds(20));
  REQUIRE(prober.probing_fast({"p1"}, start + milliseconds(29999)));
  REQUIRE_FALSE(prober.probing_fast({"p1"}, start + seconds(30)));
  REQUIRE(prober.suspects().size() == 1);  // still not known to be well
  prober.clear({"p1"});
  REQUIRE(prober.suspects().empty());
  prober.suspect({"p1"}, start + seconds(40));
  REQUIRE(prober.probing_fast({"p1"}, start + seconds(41)));
  prober.suspect({}, start);
  REQUIRE(prober.suspects().size() == 1);
}

TEST_CASE("a node that never answers has at most one question of a kind under way") {
  Prober prober({}, redis_cost);
  prober.set_targets(shards(1));
  TimePoint now = start;
  std::map<Ask, int> asked;
  for (int i = 0; i < 10000; ++i) {
    if (i % 3 == 0) prober.suspect({"p0"}, now);
    if (i % 5 == 0) prober.urgent({"p0", 1}, Question::view);
    for (const auto& ask : prober.due(now)) ++asked[ask];
    now += prober.next(now);
  }
  REQUIRE(asked.size() == 4);  // alive and view of the primary, role and view of the replica
  for (const auto& [ask, n] : asked) REQUIRE(n == 1);
}

TEST_CASE("what is urgent is asked before all that is regular, and once") {
  Prober prober({}, redis_cost);
  prober.set_targets(shards(3));
  TimePoint now = start;
  run(prober, now, seconds(3), milliseconds(1), [](TimePoint, const Ask&) {});
  prober.suspect({"p1"}, now);
  now += milliseconds(10);
  prober.urgent({"p2", 1}, Question::epoch);
  prober.urgent({"p2", 1}, Question::epoch);
  const auto asks = prober.due(now);
  REQUIRE_FALSE(asks.empty());
  REQUIRE(asks.front() == Ask{{"p2", 1}, Question::epoch});
  REQUIRE(std::count(asks.begin(), asks.end(), asks.front()) == 1);
}

TEST_CASE("a node that is no target any more is forgotten with all that was to be asked of it") {
  Prober prober({}, redis_cost);
  prober.set_targets(shards(3));
  prober.urgent({"p2", 1}, Question::view);
  prober.set_targets(shards(2));
  for (const auto& ask : prober.due(start)) REQUIRE(ask.endpoint.host.find('2') == std::string::npos);
  prober.answered({"p2", 1}, Question::view);  // a late one
}
