// A real Redis Cluster of three primaries: a scan finds what is there, where it is asked to look, whatever happens to
// the cluster meanwhile.
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "store_bench.hpp"
#include "support/sample_topology.hpp"
#include "support/store_rules.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

Partition home_of(const EntryName& name) {
  return redis::slot_of(redis::key_of(name));
}

/// Serves the loop until the scan has delivered its first page, so that what the test does next, it does to a scan
/// that has hardly begun.
void until_first_page(StoreBench& bench, const Found& found) {
  REQUIRE(bench.until([&] { return found.pages > 0 || found.result; }));
  INFO((found.result ? found.result->detail : ""));
  REQUIRE_FALSE(found.result.has_value());
}
void until_end(StoreBench& bench, const Found& found) {
  REQUIRE(bench.until([&] { return found.result.has_value(); }));
}

/// Removed ones and somebody else's keys among them: what no plain scan returns.
void add_strangers(StoreBench& bench) {
  REQUIRE(bench.remove({"table0", "topic0", "removed"}, 3).applied);
  bench.raw("plain", {"HSET", "plain", "v", "1", "d", "x"});
  bench.raw("{table0.topic0}", {"SET", "{table0.topic0}text", "x"});
  bench.raw("{table0.topic0}", {"HSET", "{table0.topic0}else", "name", "x"});
  bench.raw("{table0.topic0}", {"HSET", "{table0.topic0}%41", "v", "1", "d", "x"});
  REQUIRE(bench.next_number("table0").ok());
}

}  // namespace

TEST_CASE("twenty thousand entries in three tables on three primaries are all found, with their values or without") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  const auto names = many_names(20'000);
  bench.fill(names);
  add_strangers(bench);

  const Found full = scan(bench);
  check_found(full, names);
  CHECK(full.pages > 30);
  CHECK(std::all_of(full.entries.begin(), full.entries.end(),
                    [](const Entry& e) { return e.version == 1 && e.value == e.name.key && !e.removed; }));

  const Found bare = scan(bench, {.values = false});
  check_found(bare, names);
  CHECK(std::all_of(bare.entries.begin(), bare.entries.end(), [](const Entry& e) { return e.value.empty(); }));

  const Found removed = scan(bench, {.table = "table0", .topic = "topic0", .removed = true});
  CHECK(removed.result->ok());
  CHECK(std::count(removed.entries.begin(), removed.entries.end(),
                   Entry{{"table0", "topic0", "removed"}, 3, "", true}) == 1);

  check_found(scan(bench, {.table = "table1"}), only(names, [](auto& name) { return name.table == "table1"; }));
  check_found(scan(bench, {.table = "table1", .topic = "topic7"}),
              only(names, [](auto& name) { return name.table == "table1" && name.topic == "topic7"; }));
  const PartitionSet some = set_of({range(1000, 6000), range(16000, 16383)});
  check_found(scan(bench, {.partitions = some}), only(names, [&](auto& name) { return some.find(home_of(name)); }));
  check_found(scan(bench, {.table = "table2", .partitions = some, .values = false}),
              only(names, [&](auto& name) { return name.table == "table2" && some.find(home_of(name)); }));
  const Found elsewhere = scan(bench, {.table = "table1", .topic = "topic7", .partitions = set_of({range(0, 0)})});
  CHECK(elsewhere.result->ok());
  CHECK(elsewhere.entries.empty());
  CHECK(scan(bench, {.table = "no such"}).entries.empty());
}

TEST_CASE("names with glob characters, dots, braces and any bytes are scanned literally") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  names_are_any_bytes(bench);
}

TEST_CASE("a scan whose reader is slower than the database waits for it, and finds all") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  a_paced_scan_waits_for_its_reader(bench);
}

TEST_CASE("what is no question is refused") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  what_is_no_question_is_refused(bench);
}

TEST_CASE("an entry that cannot be read makes the scan end with an error, after all others") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  const auto names = many_names(300);
  bench.fill(names);
  bench.raw("{t.o}", {"HSET", "{t.o}k", "v", "later", "d", "x"});
  const Found found = scan(bench);
  CHECK(found.result->outcome == Outcome::error_reply);
  CHECK(found.result->detail == "'{t.o}k' holds no entry: expected a version in its field v, found 'later'");
  CHECK(found.names() == set_of(names));
}

TEST_CASE("partitions that nobody owns end a scan as timeout, which names them") {
  lab::RedisCluster::Options options = primaries_only({"cluster-require-full-coverage no"});
  options.uncovered_slots = 100;
  lab::RedisCluster cluster(options);
  EpollLoop loop;
  StoreBench bench(loop, cluster, {.call_deadline = 500ms});
  const EntryName covered{"t", lab::key_in(0, 16283), "k"};
  const Found found = scan(bench);
  CHECK(found.result->outcome == Outcome::timeout);
  CHECK(found.result->detail.starts_with("nobody owns partitions 16284-16383: no answer within 500 ms"));
  CHECK(scan(bench, {.partitions = set_of({range(0, 16283)})}).result->ok());
}

TEST_CASE("a scan that waits for an owner goes on when there is one") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  const auto names = many_names(300);
  bench.fill(names);
  Topology before = *read_topology(cluster, 0);
  before.claims.set(range(2000, 2999), claim("", 100));
  bench.database().apply(shared(before), {}, [](const Applied&) {});
  Found found;
  found.start(bench.store(), {});
  REQUIRE_FALSE(bench.until([&] { return found.result.has_value(); }, 200ms));
  Topology after = *read_topology(cluster, 0);
  bench.database().apply(shared(after), {}, [](const Applied&) {});
  until_end(bench, found);
  check_found(found, names);
}

TEST_CASE("a primary is killed in the middle of a scan: what its replica had is all found") {
  lab::RedisCluster cluster;
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  const auto names = many_names(20'000);
  bench.fill(names);
  cluster.wait_replicas_in_sync();
  for (const bool values : {true, false}) {
    Found found;
    found.start(bench.store(), {.values = values});
    until_first_page(bench, found);
    const std::size_t killed = cluster.primary_of(values ? 0 : 16383);
    const std::size_t replica = cluster.replicas_of(killed).at(0);
    cluster.kill(killed);
    REQUIRE(bench.until([&] { return cluster.role(replica) == "master"; }));
    bench.apply(replica);
    until_end(bench, found);
    INFO(missing(names, found) << " of " << names.size() << " were not found");
    check_found(found, names);
    CHECK(found.entries.size() < names.size() + names.size() / 6);  // the replica was read once, not twice
  }
}

TEST_CASE("a primary restarts in the middle of a scan with its data: its cursors mean nothing any more") {
  lab::RedisCluster cluster(primaries_only({"appendonly yes"}));
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  const auto names = many_names(20'000);
  bench.fill(names);
  Found found;
  found.start(bench.store(), {});
  until_first_page(bench, found);
  for (const int slot : {0, 8000, 16383}) {
    const std::size_t primary = cluster.primary_of(slot);
    cluster.kill(primary);
    cluster.start(primary);
  }
  until_end(bench, found);
  INFO(missing(names, found) << " of " << names.size() << " were not found");
  check_found(found, names);
}

TEST_CASE("partitions move to another primary in the middle of a scan: they are read there") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  const auto names = many_names(20'000);
  bench.fill(names);
  const std::size_t from = cluster.primary_of(0);
  const std::size_t to = cluster.primary_of(16383);
  // All its topics but what lies in its first partitions, which go on saying who answers.
  std::set<int> moving;
  const auto [first, last] = cluster.slots_of(from).at(0);
  for (const EntryName& name : names) {
    const int slot = static_cast<int>(home_of(name).value);
    if (slot > first && slot <= last) moving.insert(slot);
  }
  REQUIRE(moving.size() > 10);
  Found found;
  found.start(bench.store(), {});
  until_first_page(bench, found);
  for (const int slot : moving) cluster.migrate_slots(slot, slot, from, to);
  bench.apply(to);
  until_end(bench, found);
  INFO(missing(names, found) << " of " << names.size() << " were not found");
  check_found(found, names);
}

TEST_CASE("a database in which partitions go on changing hands ends a scan, which says so") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  const EntryName name{"t", "o", "k"};
  bench.fill({name});
  const auto here = read_topology(cluster, 0);
  Topology elsewhere = *here;  // the same nodes by another name, so that each has all it is asked for
  for (Node& node : elsewhere.nodes) node.endpoint.host = "localhost";
  unsigned pages = 0;
  std::optional<StoreResult> result;
  bench.store().scan(
      {.table = "t", .topic = "o"},
      [&](const std::vector<Entry>& page) {
        CHECK(page.size() == 1);
        bench.database().apply(++pages % 2 ? shared(elsewhere) : here, {}, nullptr);
      },
      [&](StoreResult what) { result = std::move(what); });
  REQUIRE(bench.until([&] { return result.has_value(); }));
  CHECK(pages == 20);
  CHECK(result->outcome == Outcome::timeout);
  CHECK(result->detail ==
        "partitions " + std::to_string(home_of(name).value) + " changed hands in each of 20 rounds: scan again");
}

TEST_CASE("a connection that is lost after every page ends a scan, which says so") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  std::vector<EntryName> names;
  for (int i = 0; i < 2000; ++i) names.push_back({"t", "o", std::to_string(i)});
  bench.fill(names);
  unsigned pages = 0;
  std::optional<StoreResult> result;
  bench.store().scan(
      {.table = "t", .topic = "o"},
      [&](const std::vector<Entry>&) {
        ++pages;
        bench.raw("{t.o}", {"CLIENT", "KILL", "TYPE", "normal"});
      },
      [&](StoreResult what) { result = std::move(what); });
  REQUIRE(bench.until([&] { return result.has_value(); }));
  CHECK(pages == 11);
  CHECK(result->outcome == Outcome::timeout);
  CHECK(result->detail.find(" was lost 11 times during the scan") != std::string::npos);
}

TEST_CASE("the receiver of a page may close the database, and the scan ends once") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster);
  bench.fill(many_names(3000));
  int pages = 0;
  std::vector<StoreResult> results;
  bench.store().scan(
      {},
      [&](std::vector<Entry>) {
        ++pages;
        bench.database().close();
      },
      [&](StoreResult result) { results.push_back(std::move(result)); });
  REQUIRE(bench.until([&] { return !results.empty(); }));
  for (int turn = 0; turn < 20; ++turn) loop.turn(1ms);
  CHECK(pages == 1);
  CHECK(results.size() == 1);
  CHECK_FALSE(results[0].ok());
}
