#include "mirror/versions.hpp"

#include "support/catch.hpp"

using namespace dbha::mirror;

namespace {

constexpr std::int64_t today_us = 1'800'000'000'000'000;

}  // namespace

TEST_CASE("versions rise with the clock, and bear their writer in the lowest bits") {
  const auto first = next_version(0, today_us, 7);
  CHECK(first == (static_cast<std::uint64_t>(today_us) << 12 | 7));
  CHECK(next_version(*first, today_us + 1, 7) == *first + 4096);
}

TEST_CASE("versions rise though the clock stands still, steps back, or is behind that of another writer") {
  std::uint64_t last = *next_version(0, today_us, 4095);
  for (const std::uint64_t writer : {7U, 7U, 0U, 4095U, 4095U, 1U}) {
    const auto next = next_version(last, today_us - 1'000'000, writer);
    REQUIRE(next);
    CHECK(*next > last);
    CHECK(*next - last <= 4096);
    CHECK(*next % 4096 == writer);
    last = *next;
  }
}

TEST_CASE("versions fit a signed number of 64 bits, and where they end nothing is given") {
  CHECK(*next_version(0, INT64_MAX, 4095) == last_version);
  CHECK(next_version(last_version - 4096, today_us, 4095) == last_version);
  CHECK_FALSE(next_version(last_version, today_us, 0));
  CHECK_FALSE(next_version(last_version - 1, today_us, 0));
  CHECK(*next_version(0, -5, 3) == (4096 | 3));
}

TEST_CASE("processes of a fleet rarely share a writer") {
  std::vector<int> seen(4096);
  for (int i = 0; i < 200; ++i) ++seen.at(writer_bits("compute-" + std::to_string(i)));
  CHECK(*std::max_element(seen.begin(), seen.end()) <= 3);
}
