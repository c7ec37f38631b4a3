#include "mirror/announcement.hpp"

#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::mirror;

namespace {

const EntryName name{"ports", "switch 7", std::string("\0\n 1", 4)};
const Entry written{name, 17, std::string("up\n\xff"), false};

}  // namespace

TEST_CASE("a confirmed write is announced as documented, and read as it was written") {
  CHECK(channel_of("ports") == "dbha/ports");
  CHECK(record_of({{"ports", "switch-7", "eth0"}, 17, "up", false}) == "17 put 8 4 2\nswitch-7eth0up");
  CHECK(record_of({{"ports", "switch-7", "eth0"}, 18, "", true}) == "18 removed 8 4 0\nswitch-7eth0");
  const Entry removed{name, 18, "", true};
  const Entry empty{{"ports", "t", ""}, 19, "", false};
  const auto read = read_records("ports", record_of(written) + record_of(removed) + record_of(empty));
  REQUIRE(read);
  CHECK(*read == std::vector<Announced>{{written, true}, {removed, true}, {empty, true}});
  CHECK(read_records("ports", "")->empty());
}

TEST_CASE("a long value is announced without, to be read from the database") {
  Entry entry = written;
  entry.value.assign(longest_value, 'v');
  CHECK(read_records("ports", record_of(entry))->front() == Announced{entry, true});
  entry.value += 'v';
  const auto read = read_records("ports", record_of(entry));
  REQUIRE(read);
  CHECK_FALSE(read->front().whole);
  CHECK(read->front().entry.value.empty());
  CHECK(read->front().entry.version == 17);
}

TEST_CASE("what is no announcement is told from one, wherever it breaks off") {
  const std::string whole = record_of(written);
  for (std::size_t length = 1; length < whole.size(); ++length)
    CHECK_FALSE(read_records("ports", whole.substr(0, length)));
  CHECK_FALSE(read_records("ports", whole + "x"));
  for (const char* wrong :
       {"0 put 1 1 1\ntkv", "-1 put 1 1 1\ntkv", "9223372036854775808 put 1 1 1\ntkv", "1 pat 1 1 1\ntkv",
        "1 put 0 2 1\ntkv", "1 put 1 1 18446744073709551615\ntkv", "1 removed 1 1 1\ntkv", "1 changed 1 1 1\ntkv",
        "1  put 1 1 1\ntkv", "1 put 1 1 1 \ntkv", "1 put 1 1 +1\ntkv", "hello"})
    CHECK_FALSE(read_records("ports", wrong));
}
