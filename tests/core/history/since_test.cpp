#include "history/since.hpp"

#include "support/catch.hpp"

using namespace dbha;

TEST_CASE("a moment is named by how long ago it was, or by its date and time") {
  constexpr std::int64_t now = 1'000'000'000'000;
  const auto [text, ms] = GENERATE(table<std::string, std::int64_t>({
      {"90s", now - 90'000},
      {"10m", now - 600'000},
      {"2h", now - 7'200'000},
      {"1970-01-02", 86'400'000},
      {"1970-01-02T03:04", 97'440'000},
      {"1970-01-02 03:04:05", 97'445'000},
      {"1970-01-02T03:04:05.678Z", 97'445'678},
      {"2026-11-23T04:05:06Z", 1'795'406'706'000},
  }));
  INFO(text);
  REQUIRE(moment_ms(text, now) == ms);
}

TEST_CASE("what names no moment is refused") {
  const std::string text =
      GENERATE("", "10", "m", "-10m", "yesterday", "1970-13-01", "1970-02-30", "1970-1-1", "1970-01-01T",
               "1970-01-01T24:00", "1970-01-01T1:00", "1970-01-01T01:00:00+01:00", "1970-01-01x", "+970-01-01");
  INFO(text);
  REQUIRE_FALSE(moment_ms(text, 0));
}
