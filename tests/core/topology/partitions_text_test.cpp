#include "topology/partitions_text.hpp"

#include "support/catch.hpp"
#include "support/sample_topology.hpp"
#include "topology/ranges.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("partitions are read as they are written, and nothing else is") {
  for (const char* text : {"0", "0-5460", "0-5460,5462", "7,9-10,4294967295"}) {
    const auto read = partitions_from(text);
    REQUIRE(read);
    CHECK(text_of(*read) == text);
  }
  CHECK(text_of(*partitions_from("9-12,3,10-14")) == "3,9-14");
  for (const char* text :
       {"", ",", "1,", "-", "1-", "-1", "5-4", "a", "1-2-3", " 1", "1 ", "0x1", "4294967296", "none"})
    CHECK_FALSE(partitions_from(text));
}
