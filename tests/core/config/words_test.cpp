#include "config/words.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace dbha;

TEST_CASE("a misspelt word is answered with the nearest known one") {
  const std::vector<std::string> known = {"period", "probe_timeout", "publish", "peers"};
  CHECK(did_you_mean("peroid", known) == "; did you mean 'period'?");
  CHECK(did_you_mean("PERIOD", known) == "; did you mean 'period'?");
  CHECK(did_you_mean("peer", known) == "; did you mean 'peers'?");
  CHECK(did_you_mean("probetimeout", known) == "; did you mean 'probe_timeout'?");
}

TEST_CASE("a word like no other gets no suggestion") {
  const std::vector<std::string> known = {"period", "peers"};
  CHECK(did_you_mean("seeds", known).empty());
  CHECK(did_you_mean("x", known).empty());
  CHECK(did_you_mean("", known).empty());
  CHECK(did_you_mean(std::string(100'000, 'p'), known).empty());
  CHECK(did_you_mean("period", {}).empty());
}

TEST_CASE("lists of words read as a sentence") {
  CHECK(joined(std::vector<std::string>{"a", "b", "c"}) == "a, b, c");
  CHECK(either(std::vector<std::string>{"a"}) == "'a'");
  CHECK(either(std::vector<std::string>{"a", "b", "c"}) == "'a', 'b' or 'c'");
}
