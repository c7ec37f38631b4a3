// Entries with versions, as single nodes hold and hand them out.

#include "model/stored_entry.hpp"
#include "stage.hpp"

using namespace dbha;
using namespace dbha::memory;
using namespace dbha::test;

namespace {

const StoredEntry five{5, false, "a"};
const StoredEntry removed_at_five{5, true, {}};

}  // namespace

TEST_CASE("an entry comes back from its text, and nothing else does") {
  for (const StoredEntry& entry : {five, removed_at_five, StoredEntry{UINT64_MAX, false, ""},
                                   StoredEntry{1, false, std::string("x \0d ", 5)}, StoredEntry{7, false, "x"}})
    CHECK(read_entry(text_of(entry)) == entry);
  for (const char* text :
       {"", " ", "5", "5 ", "5 d", "5 x ", "5 y", "0 x", "05 x", "-5 x", "5.0 x", "18446744073709551616 x", "x"}) {
    INFO(text);
    CHECK_FALSE(read_entry(text).has_value());
  }
}

TEST_CASE("what is there rules which writes are applied") {
  const StoredEntry four{4, false, "b"}, other_five{5, false, "b"}, six{6, false, "b"};
  for (const auto write : {EntryWrite::put, EntryWrite::create}) {
    CHECK(rule(write, std::nullopt, four) == Ruling::apply);
    CHECK(rule(write, five, five) == Ruling::stored);
    CHECK(rule(write, five, other_five) == Ruling::leave);
    CHECK(rule(write, five, four) == Ruling::leave);
    CHECK(rule(write, removed_at_five, five) == Ruling::leave);
    CHECK(rule(write, removed_at_five, six) == Ruling::apply);
  }
  CHECK(rule(EntryWrite::put, five, six) == Ruling::apply);
  CHECK(rule(EntryWrite::create, five, six) == Ruling::leave);
  CHECK(rule(EntryWrite::remove, std::nullopt, removed_at_five) == Ruling::apply);
  CHECK(rule(EntryWrite::remove, removed_at_five, removed_at_five) == Ruling::stored);
  CHECK(rule(EntryWrite::remove, five, removed_at_five) == Ruling::leave);
  CHECK(rule(EntryWrite::remove, four, removed_at_five) == Ruling::apply);
}

TEST_CASE("what is no entry is neither read nor overwritten as one, and what is no version is refused") {
  Stage stage;
  const auto key = stage.key();
  REQUIRE(stage.call(0, {"SET", key, "v"}) == "OK");
  CHECK(stage.call(0, {"VGET", key}) == "NOENTRY expected a version and then d with a value, or x");
  CHECK(stage.call(0, {"VPUT", key, "9", "w"}) == "NOENTRY expected a version and then d with a value, or x");
  CHECK(stage.call(0, {"VREMOVE", stage.key(1), "0"}) == "ERR a version is a number from 1 to 18446744073709551615");
  CHECK(stage.call(0, {"VSCAN", "0", "300", "", "", "NAMES"}) ==
        "ERR VSCAN wants two partitions, a key, a prefix and VALUES or NAMES");
}

TEST_CASE("a scan ends its page where the node's partitions end, and another node names the owner") {
  Stage stage;
  REQUIRE(stage.call(0, {"VPUT", stage.key(), "9", "w"}) == "1");
  std::optional<Value> page;
  bool came = false;
  stage.send(0, {"VSCAN", "0", "299", "", "", "VALUES"}, page, came);
  REQUIRE(stage.eventually([&] { return came; }));
  REQUIRE(page->elements.size() == 3);
  CHECK(page->elements[0].integer == 100);
  CHECK(page->elements[1].text.empty());
  REQUIRE(page->elements[2].elements.size() == 1);
  CHECK(page->elements[2].elements[0].elements[0].text == stage.key());
  CHECK(stage.call(1, {"VSCAN", "0", "299", "", "", "VALUES"}) == "MOVED 0 " + stage.cluster.endpoint(0).text());
}

TEST_CASE("an entry is replicated as all data is") {
  Stage stage;
  REQUIRE(stage.call(0, {"VPUT", stage.key(), "9", "w"}) == "1");
  REQUIRE(stage.call(0, {"VREMOVE", stage.key(1), "7"}) == "1");
  stage.pass(2ms);
  CHECK(stage.cluster.value_at(3, stage.key()) == "9 d w");
  CHECK(stage.cluster.value_at(3, stage.key(1)) == "7 x");
}
