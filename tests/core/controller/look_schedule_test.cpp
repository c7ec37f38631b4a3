#include "controller/look_schedule.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace dbha;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// Six nodes, with the connections.
constexpr QuestionCost six_nodes{48, 18'000};
const TimePoint start = TimePoint{} + std::chrono::hours(1);

/// So many controllers that were told of one another, and have all heard their last beat at `start`.
std::vector<LookSchedule> fleet_of(std::uint32_t size, LookSettings settings = {}) {
  std::vector<LookSchedule> out;
  for (std::uint32_t i = 0; i < size; ++i) {
    out.emplace_back(settings, i);
    out.back().heard_of(size);
  }
  return out;
}

/// How many of them begin a look in each of these seconds.
std::vector<unsigned> looks_in(std::vector<LookSchedule>& fleet, seconds duration, QuestionCost look) {
  std::vector<unsigned> out;
  for (seconds passed(0); passed < duration; passed += seconds(1)) {
    out.push_back(0);
    for (Duration part(0); part < seconds(1); part += milliseconds(250))
      for (auto& one : fleet) out.back() += one.due(passed + part, look, start + passed + part) ? 1U : 0U;
  }
  return out;
}

}  // namespace

TEST_CASE("nobody looks before the time without a beat is over, and a beat ends the looking") {
  LookSchedule one({}, 1);
  one.heard_of(1);
  REQUIRE_FALSE(one.due(milliseconds(9999), six_nodes, start));
  REQUIRE_FALSE(one.looking());
  bool looked = false;
  for (int i = 0; i < 60; ++i) looked |= one.due(seconds(10), six_nodes, start + i * milliseconds(20));
  REQUIRE(looked);
  REQUIRE(one.looking());
  REQUIRE_FALSE(one.due(seconds(0), six_nodes, start + seconds(20)));
  REQUIRE_FALSE(one.looking());
}

TEST_CASE("a small fleet looks each second, a large one as rarely as its budget demands") {
  LookSchedule one({}, 1);
  REQUIRE(one.interval(six_nodes) == seconds(24));  // a fleet of unknown size: a thousand
  one.heard_of(3);
  REQUIRE(one.interval(six_nodes) == seconds(1));
  one.heard_of(5000);
  REQUIRE(one.interval(six_nodes) == seconds(120));
  one.heard_of(2);  // by a detector that has just started
  REQUIRE(one.interval(six_nodes) == seconds(120));
}

TEST_CASE("where the answers are large their bytes are the limit") {
  LookSchedule one({}, 1);
  one.heard_of(1000);
  REQUIRE(one.interval({48, 480'000}) == seconds(120));
}

TEST_CASE("five thousand controllers that lose their detector together ask within the budget, in each second") {
  auto fleet = fleet_of(5000);
  const auto looks = looks_in(fleet, seconds(360), six_nodes);
  const double mean = 2000.0 / six_nodes.commands;  // looks a second
  unsigned all = 0;
  for (std::size_t second = 0; second < looks.size(); ++second) {
    INFO("second " << second);
    CHECK(looks[second] <= 2 * mean);
    CHECK((second >= 10 || looks[second] == 0));
    all += looks[second];
  }
  CHECK(all * six_nodes.commands <= 2000 * 350 * 1.02);
  CHECK(all >= 2 * 5000);  // in six minutes without the first ten seconds each has looked twice at least
}
