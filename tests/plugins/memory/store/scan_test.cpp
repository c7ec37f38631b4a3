// A scan finds what is there, where it is asked to look, whatever happens to the cluster meanwhile.

#include "store_bench.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

Partition home_of(const EntryName& name) {
  return memory::partition_of_entry(name, 300);
}

/// A scan that does something to the cluster when its first page has come, before the next is asked for.
template <class Action>
Found scan_interrupted(Alone& on, const ScanRange& range, Action action) {
  Found found;
  on.program.store().scan(
      range,
      [&](std::vector<Entry> page) {
        found.entries.insert(found.entries.end(), page.begin(), page.end());
        if (++found.pages == 1) action();
      },
      [&](StoreResult result) { found.result = std::move(result); });
  REQUIRE(on.program.until([&] { return found.result.has_value(); }));
  return found;
}

}  // namespace

TEST_CASE("six thousand entries in three tables are all found, with their values or without", "[sanitize]") {
  Alone on;
  const auto names = many_names(6000);
  on.program.fill(names);
  REQUIRE(on.program.remove({"table0", "topic0", "removed"}, 3).applied);
  REQUIRE(on.program.next_number("table0").ok());

  const Found full = scan(on.program);
  check_found(full, names);
  CHECK(full.pages > 10);
  CHECK(full.entries.size() == names.size());
  CHECK(std::all_of(full.entries.begin(), full.entries.end(),
                    [](const Entry& e) { return e.version == 1 && e.value == e.name.key && !e.removed; }));
  const Found bare = scan(on.program, {.values = false});
  check_found(bare, names);
  CHECK(std::all_of(bare.entries.begin(), bare.entries.end(), [](const Entry& e) { return e.value.empty(); }));
  const Found removed = scan(on.program, {.table = "table0", .topic = "topic0", .removed = true});
  CHECK(std::count(removed.entries.begin(), removed.entries.end(),
                   Entry{{"table0", "topic0", "removed"}, 3, "", true}) == 1);
}

TEST_CASE("a scan finds the table, the topic and the partitions that it is asked for") {
  Alone on;
  const auto names = many_names(1200);
  on.program.fill(names);
  check_found(scan(on.program, {.table = "table1"}), only(names, [](auto& name) { return name.table == "table1"; }));
  check_found(scan(on.program, {.table = "table1", .topic = "topic7"}),
              only(names, [](auto& name) { return name.table == "table1" && name.topic == "topic7"; }));
  const PartitionSet some = set_of({range(20, 120), range(290, 299)});
  check_found(scan(on.program, {.partitions = some}),
              only(names, [&](auto& name) { return some.find(home_of(name)); }));
  const auto away = home_of({"table1", "topic7", ""}).value == 0 ? 1U : 0U;
  const Found elsewhere =
      scan(on.program, {.table = "table1", .topic = "topic7", .partitions = set_of({range(away, away)})});
  CHECK(elsewhere.result->ok());
  CHECK(elsewhere.entries.empty());
  CHECK(scan(on.program, {.table = "no such"}).entries.empty());
}

TEST_CASE("names with glob characters, dots, braces and any bytes are scanned literally") {
  Alone on;
  names_are_any_bytes(on.program);
}

TEST_CASE("a scan whose reader is slower than the database waits for it, and finds all") {
  Alone on;
  a_paced_scan_waits_for_its_reader(on.program);
}

TEST_CASE("what is no question is refused") {
  Alone on;
  what_is_no_question_is_refused(on.program);
  check_refused(*scan(on.program, {.partitions = set_of({range(299, 300)})}).result, "partitions end at 299");
}

TEST_CASE("keys that are no entries are passed over") {
  Alone on;
  on.program.fill({flow});
  std::size_t ended = 0;
  for (const char* key : {"plain", "{flows.switch-7}text", "{flows.switch-7}%41"})
    on.program.database().submit({.key = key, .args = {"SET", key, *key == 'p' ? "1 d x" : "text"}},
                                 [&](const Result&) { ++ended; });
  REQUIRE(on.program.until([&] { return ended == 3; }));
  check_found(scan(on.program), {flow});
}

TEST_CASE("a primary is killed in the middle of a scan: what its replica had is all found", "[sanitize]") {
  Alone on;
  const auto names = many_names(6000);
  on.program.fill(names);
  on.cluster.pass(50ms);  // the replication lag is 2 ms at most
  Found found;
  found.start(on.program.store(), {});
  REQUIRE(on.program.until([&] { return found.pages > 0; }));
  REQUIRE_FALSE(found.result.has_value());
  on.kill_and_promote(0, 3);
  REQUIRE(on.program.until([&] { return found.result.has_value(); }));
  check_found(found, names);
}

TEST_CASE("partitions move to another primary in the middle of a scan: they are read there") {
  Alone on;
  const auto names = many_names(6000);
  on.program.fill(names);
  const Found found = scan_interrupted(on, {}, [&] {
    on.cluster.in_cluster([](memory::Cluster& c) { c.move(range(0, 99), 0, 2); });
    on.program.apply();
  });
  check_found(found, names);
  CHECK(found.entries.size() > names.size());  // what came before the move was read again
}

TEST_CASE("a deadline that passes because nobody owns the partitions ends a scan as timeout, which says so") {
  Alone on;
  on.program.fill(many_names(300));
  on.cluster.in_cluster([](memory::Cluster& c) { c.del_partitions(range(50, 59)); });
  on.program.apply();
  Found found;
  on.program.store().scan(
      {}, nullptr, [&](StoreResult result) { found.result = std::move(result); }, 300ms);
  REQUIRE(on.program.until([&] { return found.result.has_value(); }));
  CHECK(found.result->outcome == Outcome::timeout);
  CHECK(found.result->detail.starts_with("partitions 50-299 were not read: no answer within 300 ms"));
}

TEST_CASE("the receiver of a page may close the database, and the scan ends once") {
  Alone on;
  on.program.fill(many_names(3000));
  int pages = 0;
  std::vector<StoreResult> results;
  on.program.store().scan(
      {},
      [&](std::vector<Entry>) {
        ++pages;
        on.program.database().close();
      },
      [&](StoreResult result) { results.push_back(std::move(result)); });
  REQUIRE(on.program.until([&] { return !results.empty(); }));
  for (int turn = 0; turn < 20; ++turn) on.program.turn();
  CHECK(pages == 1);
  CHECK(results.size() == 1);
  CHECK_FALSE(results[0].ok());
}
