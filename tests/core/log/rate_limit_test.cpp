#include "log/rate_limit.hpp"

#include "support/catch.hpp"

using namespace dbha;
using namespace std::chrono_literals;

TEST_CASE("of one event only so many are written in an interval, and the next one says how many were not") {
  RateLimit limit(2, 10s);
  const TimePoint start;
  CHECK(limit.allow("refused", start) == 0);
  CHECK(limit.allow("refused", start + 1s) == 0);
  CHECK_FALSE(limit.allow("refused", start + 2s));
  CHECK_FALSE(limit.allow("refused", start + 9999ms));
  CHECK(limit.allow("refused", start + 10s) == 2);
  CHECK(limit.allow("refused", start + 11s) == 0);
  CHECK_FALSE(limit.allow("refused", start + 12s));
}

TEST_CASE("events are counted apart") {
  RateLimit limit(1, 10s);
  CHECK(limit.allow("a", TimePoint()) == 0);
  CHECK(limit.allow("b", TimePoint()) == 0);
  CHECK_FALSE(limit.allow("a", TimePoint()));
}

TEST_CASE("a flood of different names is bounded, and over after an interval") {
  RateLimit limit(1, 10s);
  const TimePoint start;
  for (int i = 0; i < 5000; ++i) limit.allow("event" + std::to_string(i), start);
  CHECK_FALSE(limit.allow("another", start));
  CHECK(limit.allow("another", start + 10s) == 0);
}
