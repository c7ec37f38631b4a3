// The judge must find each kind of loss: here they are planted.
#include "lost_writes/verdict.hpp"

#include "support/catch.hpp"

using namespace dbha::test;
using What = Note::What;

namespace {

Note begun(int entry, const std::string& token, bool removal = false) {
  return {What::begun, entry, removal, token};
}
Note stored(int entry, const std::string& token, std::uint64_t version, bool removal = false) {
  return {What::stored, entry, removal, token, version};
}

}  // namespace

TEST_CASE("what was accepted last and is there is no loss, whoever else wrote before") {
  const std::vector notes{begun(1, "a"), stored(1, "b", 20), stored(1, "a", 10), stored(2, "x", 5, true)};
  const auto verdict = judge(notes, {{1, {20, false, "b"}}, {2, {5, true, ""}}});
  CHECK(verdict.clean());
  CHECK(verdict.entries == 2);
}

TEST_CASE("what is missing, older or back is told of each") {
  const std::vector notes{stored(1, "a", 10), stored(2, "b", 20), stored(2, "c", 30), stored(3, "d", 40),
                          stored(3, "-", 50, true)};
  const auto verdict = judge(notes, {{2, {20, false, "b"}}, {3, {40, false, "d"}}});
  CHECK(verdict.missing == 1);
  CHECK(verdict.older == 1);
  CHECK(verdict.resurrected == 1);
  CHECK(verdict.strange == 0);
  CHECK(verdict.lost() == 3);
  CHECK_FALSE(verdict.clean());
  CHECK(verdict.text() ==
        "3 entries, 1 missing, 1 older, 1 resurrected, 0 strange\n"
        "  missing: entry 1, accepted was value a at version 10, there is nothing\n"
        "  older: entry 2, accepted was value c at version 30, there is value b at version 20\n"
        "  resurrected: entry 3, accepted was a removal at version 50, there is value d at version 40");
}

TEST_CASE("a write that was never answered may be there or not, one that was refused may not") {
  const std::vector notes{
      stored(1, "a", 10), begun(1, "b"), begun(2, "c"), begun(3, "e"), {What::refused, 3, false, "e"}};
  CHECK(judge(notes, {{1, {10, false, "a"}}}).clean());
  CHECK(judge(notes, {{1, {11, false, "b"}}, {2, {7, false, "c"}}}).clean());
  CHECK(judge(notes, {{1, {11, true, ""}}}).strange == 1);
  CHECK(judge(notes, {{1, {10, false, "b"}}}).strange == 1);
  CHECK(judge(notes, {{1, {10, false, "a"}}, {3, {7, false, "e"}}}).strange == 1);
  CHECK(judge(notes, {{1, {10, false, "a"}}, {4, {7, false, "z"}}}).strange == 1);
}

TEST_CASE("notes come back from their lines, but for one that was cut short") {
  const Note note{What::stored, 17, true, "4.5.6", 12345};
  CHECK(read_notes(line_of(note) + line_of(begun(3, "t")) + "s 1 d 1.2") == std::vector<Note>{note, begun(3, "t")});
}
