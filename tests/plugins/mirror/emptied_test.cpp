#include "mirror/emptied.hpp"

#include "support/catch.hpp"

using namespace dbha::mirror;

namespace {

std::size_t looks_of(Emptied& emptied, std::size_t batches) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < batches; ++i) out += emptied.wants_look() ? 1U : 0U;
  return out;
}

}  // namespace

TEST_CASE("each batch is looked at until some looks in a row find nothing") {
  Emptied emptied;
  for (int i = 0; i < 3; ++i) emptied.looked(128, 128);
  emptied.looked(128, 127);
  for (int i = 0; i < 3; ++i) emptied.looked(128, 128);
  REQUIRE(looks_of(emptied, 100) == 100);
  emptied.looked(128, 128);
  REQUIRE(looks_of(emptied, 80) == 10);
}

TEST_CASE("one look that finds something ends the writing without a look") {
  Emptied emptied;
  for (int i = 0; i < 4; ++i) emptied.looked(1, 1);
  REQUIRE_FALSE(emptied.wants_look());
  emptied.looked(128, 100);
  REQUIRE(looks_of(emptied, 10) == 10);
}
