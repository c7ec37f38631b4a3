// One mirror, its store on disk, and a database of two primaries: a for partitions 0 to 7, b for 8 to 15.
#include "mirror_bench.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

/// Above all that a clock gives today.
constexpr std::uint64_t far_future = (std::uint64_t{1} << 63) - (std::uint64_t{1} << 40);

}  // namespace

TEST_CASE("what is put comes into the database, and who waits for that is told") {
  MirrorBench bench;
  const auto through = bench.put_through(port("a"), "up");
  CHECK(through.outcome == MirrorOutcome::stored);
  CHECK(through.in_database);
  CHECK(bench.database.entry(port("a"))->version == through.version);
  CHECK(bench.database.value(port("a")) == "up");
  CHECK(bench.remove(port("a"), {.wait = MirrorWait::database}).in_database);
  CHECK(bench.database.value(port("a")) == "removed");
  CHECK(bench.stored(port("a")) == "removed");
  bench.until_drained();
}

TEST_CASE("while the database is away writes are accepted, then all of it gets there, of each entry the newest only") {
  MirrorBench bench;
  bench.database.away(FakeDatabase::all());
  bench.put(port("first"), "1");
  REQUIRE(lab::wait_until(patience, [&] { return bench.mirror->state().database_away; }));
  for (int i = 0; i < 3000; ++i) {
    const auto result = bench.put(port(std::to_string(i % 1000), "switch-" + std::to_string(i % 7)), std::to_string(i));
    REQUIRE(result.outcome == MirrorOutcome::stored);
  }
  CHECK(bench.log.contains("mirror_database_away"));
  const auto sent = bench.database.sendings();
  bench.database.back();
  bench.until_drained();
  for (int i = 2000; i < 3000; ++i)
    CHECK(bench.database.value(port(std::to_string(i % 1000), "switch-" + std::to_string(i % 7))) == std::to_string(i));
  CHECK(bench.database.sendings() - sent < 3500);
  CHECK(bench.log.contains("mirror_database_back"));
}

TEST_CASE("of one entry never two writes are under way, and in between only the newest is sent") {
  MirrorBench bench;
  bench.database.hold(true);
  bench.put(port("a"), "0");
  REQUIRE(lab::wait_until(patience, [&] { return bench.database.sendings() == 1; }));
  for (int i = 1; i <= 100; ++i) bench.put(port("a"), std::to_string(i));
  bench.database.hold(false);
  bench.until_drained();
  CHECK(bench.database.sent(port("a")) == std::vector<std::string>{"0", "100"});
  CHECK_FALSE(bench.database.overlapped());
}

TEST_CASE("a primary that is away holds up its own entries only") {
  MirrorBench bench;
  std::set<std::uint32_t> of_a;
  for (std::uint32_t p = 0; p < 8; ++p) of_a.insert(p);
  bench.database.away(of_a);
  std::vector<EntryName> at_a, at_b;
  for (int i = 0; at_a.size() < 3000 || at_b.size() < 3000; ++i) {
    auto name = port("k", "switch-" + std::to_string(i));
    (bench.database.partition_of(name).value < 8 ? at_a : at_b).push_back(std::move(name));
  }
  for (const auto& name : at_a) bench.mirror->put(name, "v", {}, {});
  for (const auto& name : at_b) bench.mirror->put(name, "v", {}, {});
  const auto there = [&](const auto& names) {
    return static_cast<std::size_t>(
        std::count_if(names.begin(), names.end(), [&](const auto& name) { return bench.database.entry(name); }));
  };
  REQUIRE(lab::wait_until(patience, [&] { return there(at_b) == at_b.size(); }));
  CHECK(there(at_a) == 0);
  bench.database.back();
  bench.until_drained();
  CHECK(there(at_a) == at_a.size());
}

TEST_CASE("a newer version in the database is taken over, told to the application, and to who waited for his own") {
  MirrorBench bench;
  bench.database.plant({port("a"), far_future, "theirs", false});
  bench.database.plant({port("gone"), far_future, "", true});
  std::mutex mutex;
  std::vector<std::string> told;
  const auto subscription = bench.mirror->on_change([&](const MirrorChange& change) {
    const std::lock_guard lock(mutex);
    const char* kinds[] = {"created ", "updated ", "removed "};
    told.push_back(kinds[static_cast<int>(change.kind)] + change.entry.name.key + ' ' + change.entry.value);
  });
  const auto overtaken = bench.put_through(port("a"), "mine");
  CHECK(overtaken.outcome == MirrorOutcome::superseded);
  REQUIRE(overtaken.newer);
  CHECK(overtaken.newer->value == "theirs");
  CHECK(bench.stored(port("a")) == "theirs");
  CHECK(bench.put_through(port("gone"), "mine").outcome == MirrorOutcome::superseded);
  CHECK(bench.stored(port("gone")) == "removed");
  {
    const std::lock_guard lock(mutex);
    CHECK(told == std::vector<std::string>{"updated a theirs", "removed gone "});
  }
  // The next write is above it.
  const auto next = bench.put_through(port("a"), "mine again");
  CHECK(next.in_database);
  CHECK(next.version > far_future);
  CHECK(bench.database.value(port("a")) == "mine again");
  CHECK(bench.mirror->state().overtaken == 2);
}

TEST_CASE("a write that is overtaken here while it waits for the database is superseded") {
  MirrorBench bench;
  bench.database.away(FakeDatabase::all());
  auto first = bench.mirror->put(port("a"), "1", {.wait = MirrorWait::database});
  bench.put(port("a"), "2");
  const auto result = result_of(std::move(first));
  CHECK(result.outcome == MirrorOutcome::superseded);
  CHECK(result.newer->value == "2");
  const auto older = bench.put(port("a"), "0", {.version = 1});
  CHECK(older.outcome == MirrorOutcome::superseded);
  CHECK(older.newer->value == "2");
}

TEST_CASE("what waits for the database when the process ends is released, and gets there after the next start") {
  MirrorBench bench;
  bench.database.away(FakeDatabase::all());
  auto waiting = bench.mirror->put(port("a"), "1", {.wait = MirrorWait::database});
  bench.put(port("b"), "1");
  bench.mirror->stop();
  const auto result = result_of(std::move(waiting));
  CHECK(result.outcome == MirrorOutcome::stored);
  CHECK_FALSE(result.in_database);
  CHECK(result.reason == "the process ends: the outbox keeps it for the next start");
  CHECK(bench.put_through(port("c"), "1").reason == result.reason);
  bench.close();
  bench.database.back();
  bench.open();
  bench.until_drained();
  for (const char* key : {"a", "b", "c"}) CHECK(bench.database.value(port(key)) == "1");
}

TEST_CASE("an entry that the database does not take is told of, and holds nobody up") {
  MirrorBench bench;
  bench.database.reject("secret");
  bench.put(port("a", "secret"), "1");
  CHECK(bench.put_through(port("a"), "1").in_database);
  REQUIRE(lab::wait_until(patience, [&] { return !bench.mirror->trouble().empty(); }));
  CHECK(bench.mirror->trouble() ==
        "the database does not take some entries of the outbox (1), the last was ports.secret a: NOPERM no permission");
  CHECK(bench.log.contains("mirror_entry_rejected reason=ports.secret a: NOPERM no permission"));
  CHECK(bench.mirror->state().waiting == 1);

  bench.database.plant({port("high"), UINT64_MAX, "theirs", false});
  bench.put(port("high"), "mine");
  REQUIRE(lab::wait_until(patience, [&] {
    return bench.mirror->trouble().find("(2), the last was ports.switch-7 high: it has version 18446744073709551615") !=
           std::string::npos;
  }));
  CHECK(bench.stored(port("high")) == "mine");
}

TEST_CASE("a write that nothing can come of is refused with what to do") {
  MirrorBench bench;
  const auto refused = bench.put({"routes", "t", "k"}, "v");
  CHECK(refused.outcome == MirrorOutcome::refused);
  CHECK(refused.reason ==
        "table 'routes' is not among those of mirror mirror (ports, links): add it to `tables` there");
  CHECK(bench.put({"ports", "", "k"}, "v").reason == "an entry needs a topic");
  CHECK(bench.put(port("a"), "v", {.version = 0}).reason == "a version is from 1 to 9223372036854775807, found 0");
  CHECK(bench.put(port("a"), "v", {.version = std::uint64_t{1} << 63}).outcome == MirrorOutcome::refused);
}

TEST_CASE("at store_limit writes are refused and counted, and what is there still drains") {
  MirrorBench bench(200'000);
  bench.database.away(FakeDatabase::all());
  MirrorResult last;
  int stored = 0;
  while ((last = bench.put(port(std::to_string(stored)), std::string(1000, 'v'))).outcome == MirrorOutcome::stored)
    REQUIRE(++stored < 1000);
  CHECK(last.reason.find("store_limit of mirror mirror is reached, with " + std::to_string(stored) + " entries") == 0);
  bench.database.back();
  bench.until_drained();
  CHECK(bench.database.value(port("0")) == std::string(1000, 'v'));
}

TEST_CASE("a scan finds the entries of a table, a topic, or some partitions") {
  MirrorBench bench;
  for (int i = 0; i < 600; ++i)
    bench.mirror->put(port(std::to_string(i), "switch-" + std::to_string(i % 3)), "v", {}, {});
  bench.put({"links", "l", "k"}, "v");
  bench.remove(port("0", "switch-0"));
  const auto count = [&](const ScanRange& range) {
    std::set<EntryName> names;
    REQUIRE(bench.mirror->scan(range, [&](const Entry& entry) { return names.insert(entry.name).second; }).ok);
    return names.size();
  };
  CHECK(count({}) == 600);
  CHECK(count({.removed = true}) == 601);
  CHECK(count({.table = "ports"}) == 599);
  CHECK(count({.table = "ports", .topic = "switch-1"}) == 200);
  const auto partition = bench.database.partition_of(port("", "switch-1"));
  PartitionSet partitions;
  partitions.set({partition, partition}, {});
  CHECK(count({.table = "ports", .partitions = partitions}) >= 200);
  std::size_t visited = 0;
  bench.mirror->scan({}, [&](const Entry&) { return ++visited < 5; });
  CHECK(visited == 5);
}
