#include "config/units.hpp"

#include "support/catch.hpp"

using namespace dbha;
using namespace std::chrono_literals;

TEST_CASE("durations are whole numbers with a unit") {
  CHECK(parse_duration("300ms") == Duration(300ms));
  CHECK(parse_duration("1s") == Duration(1s));
  CHECK(parse_duration("10m") == Duration(10min));
  CHECK(parse_duration("1h") == Duration(1h));
  CHECK(parse_duration("0s") == Duration(0s));
  CHECK(parse_duration("5 s") == Duration(5s));
  for (const char* wrong :
       {"", "1", "s", "1.5s", "-1s", "+1s", "1S", "1sec", "1s ", " 1s", "1ms1", "9223372036854775807h"})
    CHECK_FALSE(parse_duration(wrong));
}

TEST_CASE("sizes are whole numbers, in bytes or with a unit") {
  CHECK(parse_size("512") == 512);
  CHECK(parse_size("512B") == 512);
  CHECK(parse_size("1kB") == 1000);
  CHECK(parse_size("64MB") == 64'000'000);
  CHECK(parse_size("2GB") == 2'000'000'000);
  CHECK(parse_size("1KiB") == 1024);
  CHECK(parse_size("1MiB") == 1048576);
  CHECK(parse_size("4GiB") == 4294967296);
  for (const char* wrong : {"", "kB", "-1", "1.5MB", "1mb", "1K", "9223372036854775807kB", "18446744073709551616"})
    CHECK_FALSE(parse_size(wrong));
}

TEST_CASE("durations and sizes are shown in the largest unit without a rest") {
  CHECK(text_of_duration(0ms) == "0ms");
  CHECK(text_of_duration(300ms) == "300ms");
  CHECK(text_of_duration(90s) == "90s");
  CHECK(text_of_duration(10min) == "10m");
  CHECK(text_of_duration(24h) == "24h");
  CHECK(text_of_size(0) == "0B");
  CHECK(text_of_size(512) == "512B");
  CHECK(text_of_size(64'000'000) == "64MB");
  CHECK(text_of_size(UINT64_MAX) == "9223372036854775807B");
}
