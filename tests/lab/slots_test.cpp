#include "lab/slots.hpp"

#include "support/catch.hpp"

using namespace dbha::lab;

TEST_CASE("slots are those of Redis Cluster") {
  CHECK(slot_of("123456789") == 12739);  // 0x31C3, the example of the Redis Cluster specification
  CHECK(slot_of("foo") == 12182);
  CHECK(slot_of("a{foo}b{bar}") == 12182);
  CHECK(slot_of("{}foo") != slot_of(""));
  CHECK(slot_of("") == 0);
}

TEST_CASE("a key can be had for any slot") {
  for (const int slot : {0, 5460, 16383}) CHECK(slot_of(key_in(slot, slot)) == slot);
  CHECK(key_in(0, 99, 1) != key_in(0, 99, 2));
}
