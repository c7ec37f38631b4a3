// How entries lie in Redis, and what a scan asks whom: pure functions.
#include <map>
#include <random>

#include "redis/scan_plan.hpp"
#include "redis/slot.hpp"
#include "redis/store_layout.hpp"
#include "redis/store_reply.hpp"
#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::redis;

namespace {

std::string random_bytes(std::mt19937& random, std::size_t least) {
  // As many reserved characters as others: they are what may go wrong.
  static const std::string often = std::string(".{}%%2E*?[]\\^-#\r\n") + '\0';
  std::string out(least + random() % 12, '\0');
  for (char& c : out) c = random() % 2 ? often[random() % often.size()] : static_cast<char>(random());
  return out;
}

Value text(std::string what) {
  Value value;
  value.kind = Value::Kind::text;
  value.text = std::move(what);
  return value;
}
Value array(std::vector<Value> elements) {
  Value value;
  value.kind = Value::Kind::array;
  value.elements = std::move(elements);
  return value;
}
Result error(std::string what) {
  Result result;
  result.outcome = Outcome::error_reply;
  result.value.kind = Value::Kind::error;
  result.value.text = std::move(what);
  return result;
}

const EntryName app{"app", "t", "k"};
const Value nil;

std::string refusal(const Value& reply, Fields fields = Fields::all) {
  const auto read = read_entry(app, reply, fields);
  const Violation* violation = violation_of(read);
  return violation ? violation->text : "accepted";
}

/// `a` owns 0 to 99 and 200 to 299, `b` 100 to 199, nobody the rest.
Route two_owners() {
  auto topology = std::make_shared<Topology>();
  topology->partitions = slots;
  topology->nodes = {test::node("a", Role::primary, "1"), test::node("b", Role::primary, "2")};
  topology->claims.set(test::range(0, 299), test::claim("a", 1));
  topology->claims.set(test::range(100, 199), test::claim("b", 2));
  Route route;
  route.apply(topology);
  return route;
}

}  // namespace

TEST_CASE("the key of an entry is {TABLE.TOPIC}KEY, readable where names are plain") {
  CHECK(key_of({"flows", "switch-7", "10.0.0.1"}) == "{flows.switch-7}10%2E0%2E0%2E1");
  CHECK(key_of({"a.b", "c}d", "{e%"}) == "{a%2Eb.c%7Dd}%7Be%25");
  CHECK(key_of({"t", "o", ""}) == "{t.o}");
  CHECK(counter_of("a.b") == "{a%2Eb}#number");
}

TEST_CASE("any bytes make one key and come back from it, and a topic has one slot") {
  std::mt19937 random(7);
  std::map<std::string, EntryName> seen;
  for (int i = 0; i < 20'000; ++i) {
    const EntryName name{random_bytes(random, 1), random_bytes(random, 1), random_bytes(random, 0)};
    const std::string key = key_of(name);
    REQUIRE(name_of(key) == name);
    REQUIRE(seen.emplace(key, name).first->second == name);
    REQUIRE(slot_of(key) == slot_of(key_of({name.table, name.topic, ""})));
    REQUIRE_FALSE(name_of(counter_of(name.table)).has_value());
  }
}

TEST_CASE("random bytes that are read as a key give an entry only if that entry's key is the same bytes") {
  std::mt19937 random(8);
  int read = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string key = (random() % 4 ? "{a.b}" : "{") + random_bytes(random, 0);
    const auto name = name_of(key);
    if (!name) continue;
    ++read;
    REQUIRE(key_of(*name) == key);
  }
  CHECK(read > 100);
}

TEST_CASE("keys of somebody else are no entries") {
  for (const char* key : {"",        "{",        "{}",       "{.}",      "{a.}k",    "{.b}k",       "{ab}k.l", "a.b",
                          "x{a.b}k", "{a.b",     "{a.b.c}k", "{a.b}k.l", "{a.b}k}",  "{a.b}{",      "{a{.b}k", "{a.b}%",
                          "{a.b}%2", "{a.b}%2e", "{a.b}%41", "{a.b}%GG", "{a%2.b}k", "{app}#number"}) {
    INFO(key);
    CHECK_FALSE(name_of(key).has_value());
  }
}

TEST_CASE("the pattern of a scan takes glob characters of names literally") {
  CHECK(pattern_of({}) == "{*.*}*");
  CHECK(pattern_of({.table = "flows"}) == "{flows.*");
  CHECK(pattern_of({.table = "a*b", .topic = "[x]?\\."}) == R"({a\*b.\[x\]\?\\%2E}*)");
}

TEST_CASE("the fields of an entry are read strictly") {
  const auto read = [](const Value& reply, Fields fields = Fields::all) {
    return std::get<std::optional<Entry>>(read_entry(app, reply, fields));
  };
  CHECK(read(array({text("17"), nil, text("")})) == Entry{app, 17, "", false});
  CHECK(read(array({text("18446744073709551615"), text("1"), nil})) == Entry{app, UINT64_MAX, "", true});
  CHECK(read(array({text("3"), nil}), Fields::head) == Entry{app, 3, "", false});
  CHECK(read(array({text("3"), text("1")}), Fields::head) == Entry{app, 3, "", true});
  CHECK_FALSE(read(array({nil, nil, nil})).has_value());
  CHECK_FALSE(read(array({nil, nil}), Fields::head).has_value());

  const std::string holds_none = "'{app.t}k' holds no entry: ";
  CHECK(refusal(array({nil, nil, text("v")})) == holds_none + "it has no field v");
  CHECK(refusal(array({nil, text("1")}), Fields::head) == holds_none + "it has no field v");
  for (const char* bad : {"", "0", "01", "-1", "1 ", "1.5", "18446744073709551616", "x"}) {
    INFO(bad);
    CHECK(refusal(array({text(bad), nil, text("v")})) ==
          holds_none + "expected a version in its field v, found '" + bad + "'");
  }
  CHECK(refusal(array({text("1"), text("1"), text("v")})) == holds_none + "expected either a field d or a field x");
  CHECK(refusal(array({text("1"), nil, nil})) == holds_none + "expected either a field d or a field x");
  CHECK(refusal(text("1")) == holds_none + "expected its fields, found another reply");
  CHECK(refusal(array({text("1"), nil})) == holds_none + "expected its fields, found another reply");
}

TEST_CASE("what the database refuses is said with the key that it is about") {
  CHECK(found(app, error("WRONGTYPE Operation")).detail == "'{app.t}k' holds no entry: WRONGTYPE Operation");
  CHECK(written(app, error("NOPERM no")).detail == "'{app.t}k': NOPERM no");
  CHECK(written(app, error("NOPERM no")).outcome == Outcome::error_reply);
  Result lost;
  lost.outcome = Outcome::outcome_unknown;
  lost.detail = "no answer within 10 ms";
  CHECK(written(app, lost).outcome == Outcome::outcome_unknown);
  CHECK(written(app, lost).detail == "'{app.t}k': no answer within 10 ms");
  Result odd;
  odd.outcome = Outcome::ok;
  odd.value = text("?");
  CHECK(written(app, odd).outcome == Outcome::error_reply);
  CHECK(counted("{app}#number", odd).outcome == Outcome::error_reply);
  CHECK(violation_of(read_key_page(text("?"))));
  CHECK(violation_of(read_key_page(array({text("0"), array({nil})}))));
  CHECK(violation_of(read_key_page(array({text(""), array({})}))));
  CHECK(std::get<KeyPage>(read_key_page(array({text("0"), array({text("k")})}))).keys.size() == 1);
}

TEST_CASE("a scan asks each owner for its partitions, and knows which nobody owns") {
  const Route route = two_owners();
  const auto shares = shares_of(partitions_of({}), route);
  REQUIRE(shares.size() == 3);
  CHECK(shares[0].node == Endpoint{"host-a", 7000});
  CHECK(shares[0].partitions == test::set_of({test::range(0, 99), test::range(200, 299)}));
  CHECK(shares[1].node == Endpoint{"host-b", 7000});
  CHECK(shares[1].partitions == test::set_of({test::range(100, 199)}));
  CHECK_FALSE(shares[2].node.has_value());
  CHECK(text_of(ownerless(partitions_of({}), route)) == "300-16383");
  CHECK(shares_of(partitions_of({}), Route()).size() == 1);
}

TEST_CASE("what goes elsewhere since a scan asked for it is to be read again") {
  Route route = two_owners();
  const auto shares = shares_of(test::set_of({test::range(0, 250)}), route);
  CHECK(moved_away(shares[0], route).empty());
  route.moved({50}, {"host-a", 7000}, {"host-b", 7000});
  CHECK(text_of(moved_away(shares[0], route)) == "50");
  route.disowned({210}, {"host-a", 7000});
  CHECK(text_of(moved_away(shares[0], route)) == "50, 210");
  CHECK(moved_away(shares[1], route).empty());
}

TEST_CASE("a topic is scanned in its own partition only, and nowhere if that is not asked for") {
  const Partition home = slot_of("{app.t}");
  const PartitionSet one = test::set_of({{home, home}});
  CHECK(partitions_of({.table = "app", .topic = "t"}) == one);
  CHECK(partitions_of({.table = "app", .topic = "t", .partitions = one}) == one);
  CHECK(partitions_of({.table = "app", .topic = "t", .partitions = test::set_of({test::range(home.value + 1, 16383)})})
            .empty());
  CHECK(partitions_of({.partitions = test::set_of({test::range(3, 4)})}) == test::set_of({test::range(3, 4)}));
}

TEST_CASE("a long list of partitions is shortened for people") {
  PartitionSet odd;
  for (std::uint32_t p = 1; p < 100; p += 2) odd.set(test::range(p, p), {});
  CHECK(text_of(odd) == "1, 3, 5, 7, 9, 11, 13, 15 and more");
}
