// The judge sees each of the things that it is there for: a history without fault passes, and one thing wrong is found.

#include "judge.hpp"

#include <chrono>

#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t hit = 0, other = 1;
constexpr std::uint16_t victim = 7000, heir = 7003, elsewhere = 7001;
constexpr TimePoint struck{1000s};
constexpr TimePoint applied = struck + 2s;

Record call(Kind kind, std::size_t shard, Duration submitted, Duration took, Outcome outcome = Outcome::ok,
            std::uint16_t node = heir) {
  return {.kind = kind,
          .shard = shard,
          .deadline = usual_deadline,
          .submitted = struck + submitted,
          .ended = struck + submitted + took,
          .ends = 1,
          .outcome = outcome,
          .node = node};
}

Record hasty(Kind kind, Duration deadline, Duration took, Outcome outcome) {
  Record record = call(kind, hit, 1ms, took, outcome, victim);
  record.deadline = deadline;
  return record;
}

/// A killed primary: what was written to it is unknown, all else waited for the new one.
std::deque<Record> good_history() {
  std::deque<Record> out{call(Kind::once, hit, -1ms, 3ms, Outcome::outcome_unknown, victim),
                         call(Kind::increment, hit, -1ms, 3ms, Outcome::outcome_unknown, victim),
                         call(Kind::read, hit, -1ms, 2100ms), call(Kind::increment, hit, 3ms, 2100ms),
                         hasty(Kind::once, 200ms, 204ms, Outcome::timeout)};
  for (int i = 0; i < 100; ++i)
    for (const auto since : {-1000ms, 500ms}) out.push_back(call(Kind::repeatable, other, since + i * 1ms, 1ms));
  return out;
}

constexpr Terms terms{.shard = hit,
                      .victim = victim,
                      .struck = struck,
                      .applied = applied,
                      .settled = applied,
                      .unknowns = Unknowns::until_loss_seen,
                      .bare_lateness = 5ms};

std::string complaint(std::deque<Record> records, const Terms& under = terms) {
  const auto complaints = judge(records, under).complaints;
  return complaints.empty() ? "" : complaints.front().substr(0, complaints.front().find(':'));
}

std::string complaint_with(const Record& record) {
  auto records = good_history();
  records.push_back(record);
  return complaint(std::move(records));
}

std::string complaint_under(Unknowns unknowns) {
  auto under = terms;
  under.unknowns = unknowns;
  return complaint(good_history(), under);
}

}  // namespace

TEST_CASE("a good history passes, and is counted") {
  const auto judged = judge(good_history(), terms);
  CHECK(judged.complaints == std::vector<std::string>{});
  CHECK(judged.unknown == 2);
  CHECK(judged.errors == 0);
  CHECK(judged.first_answer == 2103ms);
  CHECK(judged.lateness == 4ms);
  CHECK(judged.before.p90 == 1ms);
}

TEST_CASE("a call that never ends is found, and one that ends twice, and one that gets another's answer") {
  auto record = call(Kind::read, hit, 1ms, 1ms);
  record.ends = 0;
  CHECK(complaint_with(record) == "lost");
  record.ends = 2;
  CHECK(complaint_with(record) == "ended more than once");
  record.ends = 1;
  CHECK(complaint_with(record).empty());
  record.foreign = true;
  CHECK(complaint_with(record) == "the answer to another call");
}

TEST_CASE("a call that outlives its deadline is found, and one that times out before it") {
  CHECK(complaint_with(hasty(Kind::read, 200ms, 250ms, Outcome::timeout)).empty());
  CHECK(complaint_with(hasty(Kind::read, 200ms, 256ms, Outcome::timeout)) == "outlived its deadline");
  CHECK(complaint_with(hasty(Kind::read, 200ms, 256ms, Outcome::ok)) == "outlived its deadline");
  CHECK(complaint_with(hasty(Kind::read, 200ms, 80ms, Outcome::timeout)) == "timed out early");
}

TEST_CASE("an error of a call that could wait is found, whatever its kind") {
  for (const auto outcome : {Outcome::timeout, Outcome::error_reply, Outcome::refused, Outcome::cancelled}) {
    for (const auto kind : {Kind::read, Kind::repeatable, Kind::once, Kind::increment})
      CHECK(complaint_with(call(kind, hit, 1ms, 10001ms, outcome)) == "an error");
  }
  CHECK(complaint_with(call(Kind::read, hit, -1ms, 3ms, Outcome::outcome_unknown, victim)) == "an error");
  CHECK(complaint_with(hasty(Kind::once, 200ms, 1ms, Outcome::error_reply)) == "an error");
}

TEST_CASE("an unknown outcome is found that no loss excuses") {
  const auto unknown = [](std::size_t shard, Duration submitted, std::uint16_t node) {
    return complaint_with(call(Kind::once, shard, submitted, 100ms, Outcome::outcome_unknown, node));
  };
  CHECK(unknown(hit, 1ms, victim).empty());
  CHECK(unknown(hit, 3ms, victim) == "unknown without need");  // the loss was seen at 2 ms
  CHECK(unknown(hit, 1ms, heir) == "unknown without need");
  CHECK(unknown(other, 1ms, elsewhere) == "unknown without need");
  CHECK(complaint_under(Unknowns::none) == "unknown without need");
  CHECK(complaint_under(Unknowns::until_new_primary).empty());
}

TEST_CASE("each controller may see the loss at its own time") {
  auto record = call(Kind::once, hit, 3ms, 4ms, Outcome::outcome_unknown, victim);
  CHECK(complaint_with(record) == "unknown without need");
  record.controller = 1;
  CHECK(complaint_with(record).empty());
}

TEST_CASE("what a replaced primary acknowledges late is found") {
  auto under = terms;
  under.unknowns = Unknowns::until_new_primary;
  const auto acknowledged_after = [&](Duration took) {
    auto records = good_history();
    records.push_back(call(Kind::once, hit, 0ms, took, Outcome::ok, victim));
    return complaint(std::move(records), under);
  };
  CHECK(acknowledged_after(1999ms).empty());
  CHECK(acknowledged_after(2001ms) == "acknowledged by a node that had been replaced");
}

TEST_CASE("other shards that are slowed down are found, and those that are held up once") {
  CHECK(complaint_with(call(Kind::read, other, 700ms, 120ms)) == "other shards were held up");
  auto records = good_history();
  for (int i = 0; i < 20; ++i) records.push_back(call(Kind::read, other, 700ms, 24ms));
  CHECK(complaint(std::move(records)) == "other shards were slowed down");
  CHECK(complaint({call(Kind::read, hit, 0ms, 1ms)}) == "nothing to compare");
}

TEST_CASE("a counter that counted twice, or lost what was acknowledged, is found") {
  std::deque<Record> records{call(Kind::increment, hit, -3ms, 1ms), call(Kind::increment, hit, -2ms, 1ms),
                             call(Kind::increment, hit, -1ms, 3ms, Outcome::outcome_unknown, victim),
                             hasty(Kind::increment, 200ms, 204ms, Outcome::timeout), call(Kind::once, hit, 0ms, 1ms)};
  const auto all = counts(records);
  REQUIRE(all.size() == 1);
  const auto& count = all.begin()->second;
  for (const int right : {2, 3}) CHECK(miscounted("k", count, right, false).empty());
  for (const int wrong : {1, 4}) CHECK_FALSE(miscounted("k", count, wrong, false).empty());
  CHECK(miscounted("k", count, 1, true).empty());
  CHECK(miscounted("k", count, 4, true) == "k on shard 0 is 4 after 2 acknowledged and 1 unknown increments");
}
