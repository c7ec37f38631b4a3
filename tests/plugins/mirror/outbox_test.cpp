// Two primaries, a for partitions 0 to 7 and b for 8 to 15, and entries on disk that they are to get.
#include "mirror/outbox.hpp"

#include <random>
#include <set>

#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::mirror;
using namespace std::chrono_literals;

namespace {

using Numbers = std::vector<std::int64_t>;
using Ending = Outbox::Ending;

OutboxLimits small() {
  return {.under_way = 4,
          .bytes_under_way = 1000,
          .ready = 6,
          .tried = 1,
          .first_pause = 100ms,
          .longest_pause = 400ms,
          .aside_pause = 10s};
}

Outbox two_primaries(OutboxLimits limits = small()) {
  return Outbox([](Partition p) { return NodeId{p.value < 8 ? "a" : "b"}; }, limits);
}

/// Odd numbers lie on a, even ones on b.
Outbox::Item item(std::int64_t number, std::size_t bytes = 10) {
  return {number, {number % 2 == 1 ? 0U : 8U}, bytes};
}

std::vector<Outbox::Item> items(const Numbers& numbers) {
  std::vector<Outbox::Item> out;
  for (const auto number : numbers) out.push_back(item(number));
  return out;
}

const TimePoint start = TimePoint{} + 1h;

}  // namespace

TEST_CASE("an accepted entry is due once") {
  auto outbox = two_primaries();
  outbox.accepted(item(1), start);
  outbox.accepted(item(1), start);
  CHECK(outbox.due(start) == Numbers{1});
  CHECK(outbox.due(start).empty());
  outbox.ended(1, Ending::confirmed, start);
  CHECK(outbox.due(start).empty());
  CHECK_FALSE(outbox.next(start));
}

TEST_CASE("what is written while its entry is under way waits for that to end") {
  auto outbox = two_primaries();
  outbox.accepted(item(1), start);
  REQUIRE(outbox.due(start) == Numbers{1});
  outbox.accepted(item(1), start);
  CHECK(outbox.due(start).empty());
  outbox.ended(1, Ending::rewritten, start);
  CHECK(outbox.due(start) == Numbers{1});
  outbox.accepted(item(1), start);
  outbox.ended(1, Ending::confirmed, start);  // decided before that write was committed
  CHECK(outbox.due(start) == Numbers{1});
}

TEST_CASE("no more are under way at a primary than the limits, and one may always be") {
  auto outbox = two_primaries();
  for (const std::int64_t n : {1, 3, 5, 7, 9, 2}) outbox.accepted(item(n), start);
  CHECK(outbox.due(start) == Numbers{1, 3, 5, 7, 2});
  outbox.ended(3, Ending::confirmed, start);
  CHECK(outbox.due(start) == Numbers{9});

  auto heavy = two_primaries();
  heavy.accepted(item(1, 5000), start);
  heavy.accepted(item(3, 600), start);
  heavy.accepted(item(5, 600), start);
  CHECK(heavy.due(start) == Numbers{1});
  heavy.ended(1, Ending::confirmed, start);
  CHECK(heavy.due(start) == Numbers{3});
  heavy.ended(3, Ending::confirmed, start);
  CHECK(heavy.due(start) == Numbers{5});
}

TEST_CASE("a primary that does not answer holds up its own entries only, and is tried again with one") {
  auto outbox = two_primaries();
  for (const std::int64_t n : {1, 3, 2, 4}) outbox.accepted(item(n), start);
  REQUIRE(outbox.due(start) == Numbers{1, 3, 2, 4});
  outbox.ended(1, Ending::failed, start);
  outbox.ended(3, Ending::failed, start);
  outbox.ended(2, Ending::confirmed, start);
  outbox.ended(4, Ending::confirmed, start);
  CHECK(outbox.database_away());
  outbox.accepted(item(5), start);
  outbox.accepted(item(6), start);
  CHECK(outbox.due(start) == Numbers{6});
  CHECK(outbox.next(start) == start + 100ms);
  CHECK_FALSE(outbox.read_from(start + 99ms));

  // What was dropped is read again from disk when the pause has ended.
  REQUIRE(outbox.read_from(start + 100ms) == 0);
  outbox.read(items({1, 3, 5}), true, start + 100ms);
  CHECK(outbox.due(start + 100ms) == Numbers{1});
  outbox.ended(1, Ending::confirmed, start + 101ms);
  CHECK_FALSE(outbox.database_away());
  CHECK(outbox.due(start + 101ms) == Numbers{3, 5});
}

TEST_CASE("the pauses of a primary that stays away double up to the longest, and begin anew after an answer") {
  auto outbox = two_primaries();
  TimePoint now = start;
  const auto fail_once = [&] {
    outbox.read_from(now);
    outbox.read(items({1}), true, now);
    REQUIRE(outbox.due(now) == Numbers{1});
    outbox.ended(1, Ending::failed, now);
    const auto pause = *outbox.next(now) - now;
    now += pause;
    return pause;
  };
  for (const Duration pause : {100ms, 200ms, 400ms, 400ms}) CHECK(fail_once() == pause);
  outbox.read_from(now);
  outbox.read(items({1}), true, now);
  REQUIRE(outbox.due(now) == Numbers{1});
  outbox.ended(1, Ending::confirmed, now);
  CHECK(fail_once() == 100ms);
}

TEST_CASE("an entry that the database does not take is tried again much later, and holds nobody up") {
  auto outbox = two_primaries();
  for (const std::int64_t n : {1, 3}) outbox.accepted(item(n), start);
  REQUIRE(outbox.due(start) == Numbers{1, 3});
  outbox.ended(1, Ending::set_aside, start);
  CHECK_FALSE(outbox.database_away());
  outbox.accepted(item(5), start);
  CHECK(outbox.due(start) == Numbers{5});
  CHECK(outbox.next(start) == start + 10s);
  CHECK(outbox.read_from(start + 10s) == 0);

  // And if nothing is confirmed in between, later each time.
  TimePoint now = start + 10s;
  for (const Duration pause : {20s, 40s, 80s, 120s, 120s}) {
    outbox.read(items({1}), true, now);
    REQUIRE(outbox.due(now) == Numbers{1});
    outbox.ended(1, Ending::set_aside, now);
    REQUIRE(outbox.next(now) == now + pause);
    now += pause;
    REQUIRE(outbox.read_from(now) == 0);
  }
  outbox.read(items({1}), true, now);
  REQUIRE(outbox.due(now) == Numbers{1});
  outbox.ended(5, Ending::confirmed, now);
  outbox.ended(1, Ending::set_aside, now);
  CHECK(outbox.next(now) == now + 10s);
}

TEST_CASE("what finds no room in memory stays on disk and is read from there, page by page") {
  auto outbox = two_primaries();
  outbox.grown_on_disk(start);
  CHECK(outbox.next(start) == start);
  REQUIRE(outbox.read_from(start) == 0);
  outbox.read(items({1, 3, 5, 7, 9, 11}), false, start);
  CHECK_FALSE(outbox.read_from(start));  // that lane is full
  CHECK_FALSE(outbox.next(start));       // and waits for nothing but answers
  REQUIRE(outbox.due(start) == Numbers{1, 3, 5, 7});
  REQUIRE(outbox.read_from(start) == 11);
  outbox.read(items({13, 15}), true, start);
  for (const std::int64_t n : {1, 3, 5, 7}) outbox.ended(n, Ending::confirmed, start);
  CHECK(outbox.due(start) == Numbers{9, 11, 13, 15});
  CHECK_FALSE(outbox.read_from(start));
}

TEST_CASE("whatever fails and is written meanwhile, all gets there in the end, and no entry is sent twice at a time") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto chance = [&random](unsigned percent) { return random() % 100 < percent; };
    auto outbox = two_primaries();
    std::map<std::int64_t, int> disk;  // number -> how often it was written since it was sent; -1: confirmed
    std::set<std::int64_t> sent;
    TimePoint now = start;
    std::size_t rounds = 0;
    outbox.grown_on_disk(now);
    for (std::int64_t n = 1; n <= 30; ++n) disk[n] = 0;

    const auto waits = [&disk](std::int64_t n) { return disk.at(n) >= 0; };
    const auto all_there = [&] {
      return sent.empty() && std::all_of(disk.begin(), disk.end(), [](const auto& e) { return e.second < 0; });
    };
    while (!all_there() && ++rounds < 5000) {
      const bool calm = rounds > 300;
      if (!calm && chance(30)) {
        const auto n = static_cast<std::int64_t>(random() % 40 + 1);
        disk[n] = waits(disk.try_emplace(n, -1).first->first) ? disk[n] + 1 : 1;
        outbox.accepted(item(n), now);
      }
      if (const auto from = outbox.read_from(now)) {
        std::vector<Outbox::Item> page;
        for (auto at = disk.upper_bound(*from); at != disk.end() && page.size() < 5; ++at)
          if (waits(at->first)) page.push_back(item(at->first));
        outbox.read(page, page.size() < 5, now);
      }
      for (const auto n : outbox.due(now)) {
        REQUIRE(sent.insert(n).second);
        if (waits(n)) disk[n] = 0;
      }
      for (auto at = sent.begin(); at != sent.end();) {
        const auto n = *at;
        if (!calm && chance(50)) {
          ++at;
          continue;
        }
        at = sent.erase(at);
        const bool failed = !calm && chance(n % 2 == 1 ? 60 : 10);
        if (failed) {
          outbox.ended(n, chance(20) ? Ending::set_aside : Ending::failed, now);
        } else if (disk[n] > 0) {
          outbox.ended(n, Ending::rewritten, now);
        } else {
          disk[n] = -1;
          outbox.ended(n, Ending::confirmed, now);
        }
      }
      now = chance(50) ? now + 10ms : std::max(now, std::min(outbox.next(now).value_or(now), now + 20s));
    }
    REQUIRE(all_there());
    REQUIRE(outbox.under_way() == 0);
  }
}
