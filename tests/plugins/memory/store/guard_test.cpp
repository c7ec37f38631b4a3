// What each operation of the store does to one entry, also when the primary dies meanwhile.

#include "memory/entry_key.hpp"
#include "memory/store.hpp"
#include "store_bench.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("put replaces what is older, and nothing else", "[sanitize]") {
  Alone on;
  put_replaces_what_is_older(on.program);
}

TEST_CASE("versions are compared exactly, up to the last of 64 bits") {
  Alone on;
  versions_are_exact(on.program);
}

TEST_CASE("create takes no entry's place, but that of an older tombstone") {
  Alone on;
  create_takes_no_entrys_place(on.program);
}

TEST_CASE("remove leaves a tombstone that holds off what is older, also where nothing was") {
  Alone on;
  remove_leaves_a_tombstone(on.program);
}

TEST_CASE("a batch tells the versions of its entries, and writes each as it would be written alone") {
  Alone on;
  SECTION("look") {
    a_batch_tells_the_versions(on.program);
  }
  SECTION("write") {
    a_batch_writes_as_each_alone_would(on.program);
  }
}

TEST_CASE("what cannot be an entry is refused before anything is sent") {
  Alone on;
  what_is_no_entry_is_refused(on.program);
}

TEST_CASE("eight programs write the same entries with interleaved versions: the highest stays") {
  Several on;
  the_highest_stays(on.users());
}

TEST_CASE("of many who create one entry at once, with one version or several, exactly one succeeds") {
  Several on;
  one_creator_succeeds(on.users());
}

TEST_CASE("creates race with a remove: what is stored is the tombstone, or a newer entry") {
  Several on;
  tombstone_or_newer_stays(on.users());
}

TEST_CASE("numbers rise for many callers at once, each is given once, and all are above the floor") {
  Several on;
  numbers_rise(on.users());
}

TEST_CASE("an entry lies where its key does, and a topic's entries lie together") {
  Alone on;
  const auto& store = dynamic_cast<const memory::MemoryStore&>(on.program.store());
  const auto where = [&](const std::string& key) {
    return on.cluster.in_cluster([key](memory::Cluster& c) { return c.partition_of(key); });
  };
  CHECK(store.partition_of(flow) == where("{flows.switch-7}eth0"));
  CHECK(store.partition_of({"flows", "switch-7", "}x{"}) == where("flows.switch-7"));
  CHECK(store.partition_of({"a.b", "c", "k"}) == where("{a%2Eb.c}k"));
}

TEST_CASE("a key is the entry's that it was made of, and any other is nobody's") {
  for (const EntryName& name : {flow, EntryName{"a.b", "{c}", ""}, EntryName{"%", "%41", "k\xff."}})
    CHECK(memory::name_of(memory::key_of(name)) == name);
  for (const char* key : {"", "flow", "{flows}#number", "{flows.}k", "{.switch}k", "{a.b", "a{b.c}", "{a.b}%41",
                          "{a.b}%2e", "{a.b}%2", "{a.b.c}k", "{a.b}k.l"}) {
    INFO(key);
    CHECK_FALSE(memory::name_of(key).has_value());
  }
}

TEST_CASE("a key that holds something else is an error that says so, and is left as it is") {
  Alone on;
  const std::string key = memory::key_of(flow);
  std::optional<Result> set;
  on.program.database().submit({.key = key, .args = {"SET", key, "mine"}}, [&](Result r) { set = std::move(r); });
  REQUIRE(on.program.until([&] { return set.has_value(); }));
  for (const StoreResult& result : {on.program.get(flow), on.program.put(flow, "v", 9), on.program.create(flow, "v", 9),
                                    on.program.remove(flow, 9)})
    check_error(result, "{flows.switch-7}eth0 holds no entry: NOENTRY");
}

TEST_CASE("writes under way when their primary dies are sent again to the new one, and end as applied", "[sanitize]") {
  Alone on;
  constexpr std::size_t writes = 5000, at_once = 200;
  std::size_t begun = 0, ended = 0, applied = 0;
  std::function<void()> write = [&] {
    if (begun == writes) return;
    const std::size_t i = begun++;
    on.program.store().put({"t", std::to_string(i % 50), std::to_string(i)}, "v", 1, [&](const StoreResult& result) {
      ++ended;
      applied += result.applied ? 1U : 0U;
      write();
    });
  };
  for (std::size_t i = 0; i < at_once; ++i) write();
  REQUIRE(on.program.until([&] { return ended > writes / 10; }));
  REQUIRE(ended < writes);
  on.kill_and_promote(0, 3);
  REQUIRE(on.program.until([&] { return ended == writes; }));
  CHECK(applied == writes);
}

TEST_CASE("what a failover has lost may be written again, and is guarded again from then on") {
  memory::ClusterSettings slow = quick();
  slow.replication_lag = 1h;
  Alone on(slow);
  const EntryName name = on.name_of_first_shard();
  check_applied(on.program.put(name, "acknowledged", 5));
  on.kill_and_promote(0, 3);
  CHECK_FALSE(on.program.get(name).entry.has_value());
  check_applied(on.program.put(name, "acknowledged", 5));
  check_left(on.program.put(name, "older", 4), {name, 5, "acknowledged", false});
}

TEST_CASE("a tombstone that has reached the replica holds off what is older after a failover too") {
  Alone on;
  const EntryName name = on.name_of_first_shard();
  check_applied(on.program.remove(name, 5));
  const std::string key = memory::key_of(name);
  REQUIRE(on.cluster.until(
      [&] { return on.cluster.in_cluster([key](memory::Cluster& c) { return c.value_at(3, key) == "5 x"; }); }));
  on.kill_and_promote(0, 3);
  check_left(on.program.put(name, "late", 4), {name, 5, "", true});
}

TEST_CASE("close ends each operation that is under way, once") {
  Alone on;
  std::vector<StoreResult> results;
  const auto done = [&](StoreResult result) { results.push_back(std::move(result)); };
  on.program.store().put(flow, "v", 1, done);
  on.program.store().scan({}, nullptr, done);
  on.program.store().put(flow, "v", 0, done);
  CHECK(results.empty());
  on.program.database().close();
  REQUIRE(results.size() == 3);
  CHECK(std::none_of(results.begin(), results.end(), [](const StoreResult& result) { return result.ok(); }));
}
