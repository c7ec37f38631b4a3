#include "mirror/local_store.hpp"

#include "mirror/store_reader.hpp"
#include "mirror/versions.hpp"
#include "support/catch.hpp"
#include "support/sample_topology.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
using namespace dbha::mirror;
using Written = LocalStore::Written;

namespace {

constexpr WallTime at(std::int64_t ms) {
  return {ms * 1000};
}

Entry entry(const std::string& key, const std::string& value, std::uint64_t version = 0) {
  return {{"ports", "switch-7", key}, version, value, false};
}
Entry removal(const std::string& key, std::uint64_t version = 0) {
  return {{"ports", "switch-7", key}, version, "", true};
}

/// Asked of a store that holds something; most tests place their entries as they like.
const PartitionOf all_in_one = [](const EntryName&) { return Partition{1}; };

struct Bench {
  explicit Bench(std::uint64_t limit = 0)
      : file{folder.path() / "m.db", limit, Durability::process}, store(file, 7, all_in_one) {}

  template <class Work>
  auto in_transaction(Work work) {
    store.begin();
    auto result = work();
    store.commit();
    return result;
  }
  LocalStore::WriteResult write(std::uint32_t partition, const Entry& what, std::int64_t ms = 1000) {
    return in_transaction([&] { return store.write({partition}, what, at(ms)); });
  }
  /// Written, and confirmed at that time.
  Row confirmed(std::uint32_t partition, const Entry& what, std::int64_t ms) {
    const Row row = write(partition, what, ms).row;
    in_transaction([&] { return store.confirm(row.number, row.entry.version, at(ms)); });
    return *store.row(row.number);
  }
  LocalStore::Adopted adopt(std::uint32_t partition, const Entry& what) {
    return in_transaction([&] { return store.adopt({partition}, what, at(2000)); });
  }

  test::TempFolder folder;
  StoreFile file;
  LocalStore store;
  StoreReader reader{file.path};
};

std::vector<std::string> keys(const std::vector<Row>& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(row.entry.name.key);
  return out;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("what was written is read back, whatever bytes its name and value hold") {
  Bench bench;
  const std::string bytes("\0\xff\xfe' \n", 6);
  const Entry odd{{bytes, bytes + "t", bytes + "k"}, 0, bytes, false};
  const auto written = bench.write(3, odd);
  REQUIRE(written.written == Written::stored);
  const auto row = bench.reader.get({3}, odd.name);
  REQUIRE(row);
  CHECK(row->entry.value == bytes);
  CHECK(row->entry.name == odd.name);
  CHECK(row->entry.version == *next_version(0, 1'000'000, 7));

  bench.write(3, entry("empty", ""));
  bench.write(3, removal("gone"));
  CHECK_FALSE(bench.reader.get({3}, entry("empty", "").name)->entry.removed);
  CHECK(bench.reader.get({3}, removal("gone").name)->entry.removed);
  CHECK_FALSE(bench.reader.get({3}, {"ports", "switch-7", "never"}));
}

TEST_CASE("a lower version changes nothing and is shown what is newer, and the same write once more is stored") {
  Bench bench;
  bench.write(3, entry("a", "new", 20));
  const auto late = bench.write(3, entry("a", "old", 10));
  CHECK(late.written == Written::superseded);
  CHECK(late.row.entry == entry("a", "new", 20));
  CHECK(bench.write(3, entry("a", "new", 20)).written == Written::stored);
  CHECK(bench.write(3, entry("a", "other", 20)).written == Written::superseded);
  CHECK(bench.write(3, removal("a", 20)).written == Written::superseded);
  CHECK(bench.write(3, removal("a", 21)).written == Written::stored);
  CHECK(bench.write(3, entry("a", "late", 15)).written == Written::superseded);  // a removal is remembered
  bench.write(3, entry("b", "last", last_version));
  CHECK(bench.write(3, entry("b", "more")).written == Written::no_version);
}

TEST_CASE("the outbox is what the database has not confirmed") {
  Bench bench;
  const auto numbers = [&] {
    std::vector<std::int64_t> out;
    for (const auto& waiting : bench.store.waiting(0, 10)) out.push_back(waiting.number);
    CHECK(out.size() == bench.store.waiting_count());
    return out;
  };
  const Row a = bench.write(1, entry("a", "1")).row;
  const Row b = bench.write(2, entry("b", "1")).row;
  CHECK(numbers() == std::vector{a.number, b.number});
  CHECK(bench.store.waiting(a.number, 10).size() == 1);

  const auto rewritten = bench.write(1, entry("a", "2")).row;
  const auto confirm = [&](const Row& row) {
    return bench.in_transaction([&] { return bench.store.confirm(row.number, row.entry.version, at(5)); });
  };
  CHECK(confirm(a));  // the older of the two versions
  CHECK(numbers() == std::vector{a.number, b.number});
  CHECK_FALSE(confirm(rewritten));
  CHECK(numbers() == std::vector{b.number});
  CHECK_FALSE(confirm(a));  // late
  CHECK(numbers() == std::vector{b.number});
  confirm(b);
  CHECK(numbers().empty());
}

TEST_CASE("what is in doubt is kept") {
  Bench bench;
  const std::vector<mirror::Doubt> doubts{{"e1", test::set_of({test::range(0, 5), test::range(9, 9)}), 7},
                                          {"e2", test::set_of({test::range(3, 8)}), 0}};
  const auto keep = [&](const std::vector<mirror::Doubt>& what) {
    bench.in_transaction([&] {
      bench.store.keep_doubts(what);
      return 0;
    });
  };
  keep(doubts);
  CHECK(bench.reader.doubts() == doubts);
  keep({});
  CHECK(bench.reader.doubts().empty());
}

TEST_CASE("what is rolled back has not happened, and does not count") {
  Bench bench;
  bench.write(1, entry("a", "1"));
  bench.store.begin();
  bench.store.write({1}, entry("b", "1"), at(1));
  bench.store.roll_back();
  CHECK(bench.store.waiting_count() == 1);
  CHECK_FALSE(bench.reader.get({1}, entry("b", "").name));
}

TEST_CASE("what the database holds is taken over, unless the store has a newer version, and at the same one it wins") {
  Bench bench;
  bench.write(1, entry("a", "mine", 10));
  const auto older = bench.adopt(1, entry("a", "theirs", 9));
  CHECK_FALSE(older.changed);
  CHECK(older.row.waiting());
  const auto tie = bench.adopt(1, entry("a", "theirs", 10));
  CHECK(tie.changed);
  CHECK_FALSE(tie.row.waiting());
  CHECK(bench.reader.get({1}, entry("a", "").name)->entry.value == "theirs");
  CHECK_FALSE(bench.adopt(1, entry("a", "theirs", 11)).changed);  // only its version rose

  const auto removed = bench.adopt(1, removal("a", 12));
  CHECK(removed.changed);
  CHECK_FALSE(removed.created);
  CHECK(bench.adopt(1, entry("a", "again", 13)).created);
  CHECK(bench.adopt(1, entry("new", "v", 1)).created);
  CHECK_FALSE(bench.adopt(1, removal("never here", 1)).changed);
  CHECK(bench.store.waiting_count() == 0);
}

TEST_CASE("a walk through some partitions goes by partition, table, topic and key, and goes on where it stood") {
  Bench bench;
  for (const std::uint32_t partition : {5U, 2U, 9U, 3U})
    for (const char* key : {"b", "a", "c"}) bench.write(partition, entry(std::to_string(partition) + key, "v"));
  bench.write(2, {{"links", "z", "2link"}, 0, "v", false});
  bench.write(3, removal("3b"));

  StoreReader::Selection selection{test::set_of({test::range(2, 3), test::range(5, 8)})};
  CHECK(keys(bench.reader.page(selection, {}, 100)) ==
        Keys{"2link", "2a", "2b", "2c", "3a", "3b", "3c", "5a", "5b", "5c"});
  Keys walked;
  std::optional<StoreReader::Place> place;
  for (auto page = bench.reader.page(selection, place, 3); !page.empty();
       page = bench.reader.page(selection, place, 3)) {
    for (const auto& key : keys(page)) walked.push_back(key);
    place = StoreReader::place_of(page.back());
  }
  CHECK(walked == keys(bench.reader.page(selection, {}, 100)));

  selection.values = false;
  const auto heads = bench.reader.page(selection, {}, 100);
  CHECK(keys(heads) == walked);
  for (const auto& row : heads) CHECK(row.entry.removed == (row.entry.name.key == "3b"));
  CHECK(std::all_of(heads.begin(), heads.end(), [](const Row& row) { return row.entry.value.empty(); }));

  selection.removed = false;
  selection.table = "ports";
  CHECK(keys(bench.reader.page(selection, {}, 100)) == Keys{"2a", "2b", "2c", "3a", "3c", "5a", "5b", "5c"});
  selection.topic = "z";
  CHECK(bench.reader.page(selection, {}, 100).empty());
  selection.table = "links";
  CHECK(keys(bench.reader.page(selection, {}, 100)) == Keys{"2link"});
}

TEST_CASE("a walk back in time finds what was confirmed since then in some partitions, the newest first") {
  Bench bench;
  bench.confirmed(1, entry("too early", "v"), 99);
  bench.confirmed(1, entry("a", "v"), 100);
  bench.confirmed(9, entry("elsewhere", "v"), 150);
  bench.confirmed(2, entry("b", "v"), 200);
  bench.confirmed(1, entry("c", "v"), 200);
  bench.confirmed(2, entry("d", "v"), 300);
  bench.write(1, entry("never confirmed", "v"), 400);

  const auto partitions = test::set_of({test::range(0, 3)});
  CHECK(keys(bench.reader.confirmed_since(partitions, 100, {}, 100)) == Keys{"d", "c", "b", "a"});
  Keys walked;
  std::optional<StoreReader::Moment> moment;
  for (auto page = bench.reader.confirmed_since(partitions, 100, moment, 1); !page.empty();
       page = bench.reader.confirmed_since(partitions, 100, moment, 1)) {
    walked.push_back(page.front().entry.name.key);
    moment = StoreReader::moment_of(page.front());
  }
  CHECK(walked == Keys{"d", "c", "b", "a"});
}

TEST_CASE("a removal is forgotten after its time, but not while it is unconfirmed or in doubt") {
  Bench bench;
  bench.confirmed(1, removal("old"), 100);
  bench.confirmed(1, removal("young"), 500);
  bench.confirmed(1, entry("alive", "v"), 100);
  bench.write(1, removal("waiting"), 100);
  bench.confirmed(2, removal("in doubt"), 100);
  bench.in_transaction([&] {
    bench.store.keep_doubts({{"e", test::set_of({test::range(2, 5)}), 0}});
    return 0;
  });
  CHECK(bench.store.forget_removed(400) == 1);
  CHECK(keys(bench.reader.page({test::set_of({test::range(0, 9)})}, {}, 10)) ==
        Keys{"alive", "waiting", "young", "in doubt"});
  bench.in_transaction([&] {
    bench.store.keep_doubts({});
    return 0;
  });
  CHECK(bench.store.forget_removed(400) == 1);
}

TEST_CASE("at its limit the store refuses what takes more room, and takes removals") {
  Bench bench(200'000);
  const std::string value(1000, 'v');
  int stored = 0;
  while (bench.write(1, entry(std::to_string(stored), value)).written == Written::stored) ++stored;
  CHECK(stored > 50);
  CHECK(stored < 200);
  CHECK(bench.write(1, entry("0", value + "+")).written == Written::no_room);
  CHECK(bench.write(1, entry("0", std::string(1000, 'w'))).written == Written::stored);
  for (int i = 0; i < stored; i += 2) REQUIRE(bench.write(1, removal(std::to_string(i))).written == Written::stored);
  for (int i = 0; i < stored; i += 2)
    REQUIRE(bench.write(1, removal(std::to_string(i + 1))).written == Written::stored);
  CHECK(bench.write(1, entry("again", value)).written == Written::stored);
}

TEST_CASE("what was committed is there after the store was opened again, and so is its outbox") {
  test::TempFolder folder;
  const StoreFile file{folder.path() / "m.db", 0, Durability::power};
  {
    LocalStore store(file, 7, all_in_one);
    store.begin();
    store.write({1}, entry("a", "1"), at(1));
    const auto b = store.write({1}, entry("b", "1"), at(1));
    store.confirm(b.row.number, b.row.entry.version, at(2));
    store.commit();
    store.begin();
    store.write({1}, entry("c", "1"), at(1));  // never committed
  }
  LocalStore store(file, 7, all_in_one);
  CHECK(store.waiting_count() == 1);
  CHECK(keys(StoreReader(file.path).page({test::set_of({test::range(0, 9)})}, {}, 10)) == Keys{"a", "b"});
}

TEST_CASE("a store that was written for a database with other partitions is refused") {
  test::TempFolder folder;
  const StoreFile file{folder.path() / "m.db", 0, Durability::process};
  const auto in_partition = [](std::uint32_t p) { return [p](const EntryName&) { return Partition{p}; }; };
  {
    LocalStore store(file, 7, in_partition(3));
    store.begin();
    store.write({3}, entry("a", "1"), at(1));
    store.commit();
  }
  CHECK(LocalStore(file, 7, in_partition(3)).waiting_count() == 1);
  CHECK_THROWS_WITH(LocalStore(file, 7, in_partition(4)), "it was written for a database with other partitions");
}
