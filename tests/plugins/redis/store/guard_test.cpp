// A real Redis Cluster of three primaries: what each operation of the store does to one entry, and that no writer can
// undo what another has done later.
#include <map>
#include <random>

#include "redis/store_scripts.hpp"
#include "store_bench.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

const EntryName flow{"flows", "switch-7", "eth0"};

Entry entry(std::uint64_t version, std::string value) {
  return {flow, version, std::move(value), false};
}
Entry tombstone(std::uint64_t version) {
  return {flow, version, "", true};
}

struct Guarded {
  lab::RedisCluster cluster{primaries_only()};
  EpollLoop loop;
  StoreBench bench{loop, cluster};
};

void check_applied(const StoreResult& result) {
  INFO(result.detail);
  CHECK(result.ok());
  CHECK(result.applied);
  CHECK_FALSE(result.entry.has_value());
}
void check_left(const StoreResult& result, const Entry& stored) {
  INFO(result.detail);
  CHECK(result.ok());
  CHECK_FALSE(result.applied);
  CHECK(result.entry == stored);
}
void check_refused(const StoreResult& result, const std::string& why) {
  CHECK(result.outcome == Outcome::refused);
  CHECK(result.detail == why);
}
void check_error(const StoreResult& result, const std::string& part) {
  INFO(result.detail);
  CHECK(result.outcome == Outcome::error_reply);
  CHECK(result.detail.find(part) != std::string::npos);
  CHECK_FALSE(result.entry.has_value());
}

}  // namespace

TEST_CASE("the scripts are known by the hashes that Redis gives them") {
  Guarded on;
  for (const auto* script : {&redis::put_script(), &redis::create_script(), &redis::remove_script(),
                             &redis::look_script(), &redis::number_script()}) {
    CHECK(on.cluster.client(0).demand({"SCRIPT", "LOAD", script->text}).text == script->sha);
  }
}

TEST_CASE("put replaces what is older, and nothing else") {
  Guarded on;
  CHECK_FALSE(on.bench.get(flow).entry.has_value());
  check_applied(on.bench.put(flow, "a", 5));
  CHECK(on.bench.get(flow).entry == entry(5, "a"));
  check_left(on.bench.put(flow, "b", 4), entry(5, "a"));
  check_left(on.bench.put(flow, "b", 5), entry(5, "a"));
  check_applied(on.bench.put(flow, "a", 5));  // the same write, sent again
  check_applied(on.bench.put(flow, "", 6));
  CHECK(on.bench.get(flow).entry == entry(6, ""));
}

TEST_CASE("versions are compared exactly, up to the last of 64 bits") {
  Guarded on;
  const std::uint64_t exact = std::uint64_t{1} << 53;  // from here on a double misses every other number
  for (const std::uint64_t version : {std::uint64_t{9}, std::uint64_t{10}, exact, exact + 1, UINT64_MAX - 1}) {
    INFO(version);
    check_applied(on.bench.put(flow, "a", version));
    check_left(on.bench.put(flow, "b", version), entry(version, "a"));
    check_left(on.bench.put(flow, "b", version - 1), entry(version, "a"));
  }
  check_applied(on.bench.put(flow, "last", UINT64_MAX));
  check_left(on.bench.put(flow, "b", UINT64_MAX - 1), entry(UINT64_MAX, "last"));
  check_left(on.bench.remove(flow, UINT64_MAX), entry(UINT64_MAX, "last"));
}

TEST_CASE("create takes no entry's place, but that of an older tombstone") {
  Guarded on;
  check_applied(on.bench.create(flow, "a", 5));
  check_applied(on.bench.create(flow, "a", 5));
  check_left(on.bench.create(flow, "a", 6), entry(5, "a"));
  check_left(on.bench.create(flow, "b", 5), entry(5, "a"));
  check_applied(on.bench.remove(flow, 8));
  check_left(on.bench.create(flow, "c", 8), tombstone(8));
  check_left(on.bench.create(flow, "c", 7), tombstone(8));
  check_applied(on.bench.create(flow, "c", 10));
  CHECK(on.bench.get(flow).entry == entry(10, "c"));
  CHECK(on.bench.raw(redis::key_of(flow), {"TTL", redis::key_of(flow)}).integer == -1);
}

TEST_CASE("remove leaves a tombstone that holds off what is older, also where nothing was") {
  Guarded on;
  check_applied(on.bench.remove(flow, 5));
  CHECK(on.bench.get(flow).entry == tombstone(5));
  check_applied(on.bench.remove(flow, 5));
  check_left(on.bench.remove(flow, 4), tombstone(5));
  check_left(on.bench.put(flow, "late", 4), tombstone(5));
  check_left(on.bench.put(flow, "late", 5), tombstone(5));
  check_applied(on.bench.put(flow, "new", 6));
  CHECK(on.bench.raw(redis::key_of(flow), {"TTL", redis::key_of(flow)}).integer == -1);
  check_left(on.bench.remove(flow, 5), entry(6, "new"));
  check_left(on.bench.remove(flow, 6), entry(6, "new"));
  check_applied(on.bench.remove(flow, 7));
  CHECK(on.bench.raw(redis::key_of(flow), {"HEXISTS", redis::key_of(flow), "d"}).integer == 0);
}

TEST_CASE("a tombstone is forgotten after its time, as if nothing had ever been written") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  StoreBench bench(loop, cluster, {.tombstone_ttl = 300ms});
  check_applied(bench.put(flow, "a", 5));
  check_applied(bench.remove(flow, 6));
  CHECK(bench.get(flow).entry == tombstone(6));
  REQUIRE(bench.until([&] { return !bench.get(flow).entry.has_value(); }, 5s));
  check_applied(bench.put(flow, "old", 1));
}

TEST_CASE("entries are readable with redis-cli") {
  Guarded on;
  check_applied(on.bench.put({"a.b", "c", "k"}, "value", 7));
  CHECK(on.bench.raw("{a%2Eb.c}k", {"HGET", "{a%2Eb.c}k", "v"}).text == "7");
  CHECK(on.bench.raw("{a%2Eb.c}k", {"HGET", "{a%2Eb.c}k", "d"}).text == "value");
  check_applied(on.bench.remove({"a.b", "c", "k"}, 8));
  CHECK(on.bench.raw("{a%2Eb.c}k", {"HGET", "{a%2Eb.c}k", "x"}).text == "1");
  CHECK(on.bench.raw("{a%2Eb.c}k", {"HLEN", "{a%2Eb.c}k"}).integer == 2);
  const auto left = on.bench.raw("{a%2Eb.c}k", {"PTTL", "{a%2Eb.c}k"}).integer;
  CHECK((left > 3'500'000 && left <= 3'600'000));
}

TEST_CASE("eight programs write the same entries with interleaved versions: the highest stays") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  constexpr std::uint64_t writers = 8, writes = 250, entries = 5;
  std::deque<StoreBench> programs;
  for (std::uint64_t i = 0; i < writers; ++i) programs.emplace_back(loop, cluster);
  std::size_t ended = 0, failed = 0;
  std::map<EntryName, std::uint64_t> highest;
  std::mt19937_64 random(3);
  for (std::uint64_t round = 0; round < writes; ++round) {
    for (std::uint64_t writer = 0; writer < writers; ++writer) {
      const EntryName name{"t", "o" + std::to_string(random() % entries), "k"};
      const std::uint64_t version = 1 + (random() % 100'000) * writers + writer;  // no two writers' are equal
      highest[name] = std::max(highest[name], version);
      const auto done = [&](const StoreResult& result) {
        ++ended;
        failed += result.ok() ? 0U : 1U;
      };
      if (random() % 4 == 0) {
        programs[writer].store().remove(name, version, done);
      } else {
        programs[writer].store().put(name, std::to_string(version), version, done);
      }
      if (random() % 50 == 0) loop.turn(1ms);
    }
  }
  REQUIRE(programs[0].until([&] { return ended == writers * writes; }));
  CHECK(failed == 0);
  for (const auto& [name, version] : highest) {
    const auto stored = programs[0].get(name).entry;
    REQUIRE(stored.has_value());
    CHECK(stored->version == version);
    CHECK(stored->value == (stored->removed ? "" : std::to_string(version)));
  }
}

TEST_CASE("of many who create one entry at once, with one version or several, exactly one succeeds") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  std::deque<StoreBench> programs;
  for (int i = 0; i < 8; ++i) programs.emplace_back(loop, cluster);
  for (int round = 0; round < 30; ++round) {
    const EntryName name{"t", "o", std::to_string(round)};
    std::vector<StoreResult> results;
    for (std::size_t i = 0; i < programs.size(); ++i) {
      programs[i].store().create(name, "by " + std::to_string(i), round % 2 ? 7 : 7 + static_cast<std::uint64_t>(i),
                                 [&](StoreResult result) { results.push_back(std::move(result)); });
    }
    REQUIRE(programs[0].until([&] { return results.size() == programs.size(); }));
    const auto stored = programs[0].get(name).entry;
    int applied = 0;
    for (const StoreResult& result : results) {
      applied += result.applied ? 1 : 0;
      if (!result.applied) CHECK(result.entry == stored);
    }
    CHECK(applied == 1);
  }
}

TEST_CASE("creates race with a remove: what is stored is the tombstone, or a newer entry") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  std::deque<StoreBench> programs;
  for (int i = 0; i < 4; ++i) programs.emplace_back(loop, cluster);
  for (int round = 0; round < 50; ++round) {
    const EntryName name{"t", "o", std::to_string(round)};
    int ended = 0;
    bool newer_applied = false;
    const auto done = [&](const StoreResult&) { ++ended; };
    programs[0].store().create(name, "old", 1, done);
    programs[1].store().remove(name, 2, done);
    programs[2].store().create(name, "new", 3, [&](const StoreResult& result) {
      newer_applied = result.applied;
      ++ended;
    });
    programs[3].store().remove(name, 2, done);
    REQUIRE(programs[0].until([&] { return ended == 4; }));
    const auto stored = programs[0].get(name).entry;
    REQUIRE(stored.has_value());
    CHECK(stored == (newer_applied ? Entry{name, 3, "new", false} : Entry{name, 2, "", true}));
  }
}

TEST_CASE("numbers rise for many callers at once, each is given once, and all are above the floor") {
  lab::RedisCluster cluster(primaries_only());
  EpollLoop loop;
  std::deque<StoreBench> programs;
  for (int i = 0; i < 4; ++i) programs.emplace_back(loop, cluster);
  std::set<std::uint64_t> given;
  std::size_t ended = 0;
  bool ordered = true;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const std::uint64_t floor = i == 100 ? 1'000'000 : i == 200 ? 5 : 0;
    programs[i % 4].store().next_number("flows", floor, [&, floor](const StoreResult& result) {
      ++ended;
      ordered = ordered && result.ok() && result.number > floor;
      given.insert(result.number);
    });
  }
  REQUIRE(programs[0].until([&] { return ended == 400; }));
  CHECK(ordered);
  CHECK(given.size() == 400);
  CHECK(*given.rbegin() > 1'000'000);
  CHECK(programs[0].next_number("flows").number == *given.rbegin() + 1);
  CHECK(programs[0].next_number("other").number == 1);

  const std::uint64_t exact = std::uint64_t{1} << 53;
  CHECK(programs[0].next_number("other", exact).number == exact + 1);
  CHECK(programs[0].next_number("other", exact).number == exact + 2);
  CHECK(programs[0].next_number("other", INT64_MAX - 1).number == INT64_MAX);
  check_error(programs[0].next_number("other"), "overflow");
  check_refused(programs[0].next_number("other", INT64_MAX), "numbers end at 9223372036854775807");
  check_refused(programs[0].next_number(""), "a counter needs a table");
}

TEST_CASE("what cannot be an entry is refused before anything is sent") {
  Guarded on;
  const std::string zero = "version 0 stands for \"never written\": versions begin at 1";
  check_refused(on.bench.put(flow, "v", 0), zero);
  check_refused(on.bench.create(flow, "v", 0), zero);
  check_refused(on.bench.remove(flow, 0), zero);
  check_refused(on.bench.put({"", "t", "k"}, "v", 1), "an entry needs a table");
  check_refused(on.bench.get({"t", "", "k"}), "an entry needs a topic");
  check_applied(on.bench.put({"t", "o", ""}, "v", 1));
  CHECK(on.bench.get({"t", "o", ""}).entry == Entry{{"t", "o", ""}, 1, "v", false});
}

TEST_CASE("a key that holds something else is an error that says so, and is left as it is") {
  Guarded on;
  const std::string key = redis::key_of(flow);
  const auto all_say = [&](const std::string& what) {
    check_error(on.bench.get(flow), what);
    check_error(on.bench.put(flow, "v", 9), what);
    check_error(on.bench.create(flow, "v", 9), what);
    check_error(on.bench.remove(flow, 9), what);
  };
  on.bench.raw(key, {"SET", key, "mine"});
  all_say("'{flows.switch-7}eth0' holds no entry: WRONGTYPE");
  CHECK(on.bench.raw(key, {"GET", key}).text == "mine");
  on.bench.raw(key, {"DEL", key});
  on.bench.raw(key, {"HSET", key, "name", "theirs"});
  all_say("'{flows.switch-7}eth0' holds no entry: NOENTRY it is a hash without a field v");
  on.bench.raw(key, {"HSET", key, "v", "1e3", "d", "x"});
  all_say("'{flows.switch-7}eth0' holds no entry: ");
  CHECK(on.bench.raw(key, {"HLEN", key}).integer == 3);

  on.bench.raw("{flows}#number", {"SET", "{flows}#number", "many"});
  check_error(on.bench.next_number("flows"),
              "'{flows}#number' holds no entry: NOENTRY it is a string that is no number");
  on.bench.raw("{flows}#number", {"DEL", "{flows}#number"});
  on.bench.raw("{flows}#number", {"LPUSH", "{flows}#number", "1"});
  check_error(on.bench.next_number("flows"), "WRONGTYPE");
}

TEST_CASE("scripts that a node has forgotten are taught to it again") {
  Guarded on;
  check_applied(on.bench.put(flow, "a", 1));
  for (std::size_t i = 0; i < 3; ++i) on.cluster.client(i).demand({"SCRIPT", "FLUSH"});
  check_applied(on.bench.put(flow, "b", 2));
  check_applied(on.bench.put(flow, "c", 3));
  CHECK(on.bench.raw(redis::key_of(flow), {"SCRIPT", "EXISTS", redis::put_script().sha}).elements.at(0).integer == 1);
}

TEST_CASE("an ACL user with the commands that the README lists is enough") {
  lab::RedisCluster cluster(primaries_only(
      {"user app on >secret resetkeys ~{* resetchannels -@all +ping +client|setname +asking +hmget +eval +evalsha "
       "+exists +hset +hdel +pexpire +persist +get +set +incr +scan"}));
  EpollLoop loop;
  StoreBench bench(loop, cluster, {.credentials = {"app", "secret"}});
  check_applied(bench.put(flow, "a", 1));
  check_applied(bench.remove(flow, 2));
  check_applied(bench.create(flow, "b", 3));
  CHECK(bench.get(flow).entry == entry(3, "b"));
  CHECK_FALSE(bench.get({"flows", "switch-7", "eth1"}).entry.has_value());
  CHECK(bench.next_number("flows", 5).number == 6);
  const Found found = scan(bench);
  CHECK(found.result->ok());
  CHECK(found.entries == std::vector<Entry>{entry(3, "b")});
  CHECK(cluster.acl_log_count("app") == 0);
}

TEST_CASE("what an ACL does not allow is an error reply that says so") {
  lab::RedisCluster cluster(
      primaries_only({"user app on >secret ~{other.* resetchannels -@all +ping +client|setname +hmget +evalsha"}));
  EpollLoop loop;
  StoreBench bench(loop, cluster, {.credentials = {"app", "secret"}});
  check_error(bench.get(flow), "'{flows.switch-7}eth0': NOPERM");
  check_error(bench.put(flow, "a", 1), "NOPERM");
  check_error(bench.next_number("flows"), "NOPERM");
  check_error(*scan(bench).result, "NOPERM");
}

TEST_CASE("close ends what is under way, each operation once, and nothing is called afterwards") {
  Guarded on;
  std::size_t ended = 0, later = 0;
  const auto count = [&](const StoreResult& result) {
    CHECK((result.outcome == Outcome::cancelled || result.outcome == Outcome::outcome_unknown ||
           result.outcome == Outcome::refused || result.outcome == Outcome::timeout));
    ++ended;
  };
  VersionedStore& store = on.bench.store();
  for (int i = 0; i < 50; ++i) store.put({"t", "o", std::to_string(i)}, "v", 1, count);
  store.get(flow, count);
  store.remove(flow, 1, count);
  store.put(flow, "v", 0, count);
  store.next_number("t", 0, count);
  store.scan(
      {}, [&](std::vector<Entry>) { ++later; }, count);
  store.put(flow, "v", 1, nullptr);  // who does not want to know
  on.bench.database().close();
  CHECK(ended == 55);
  store.get(flow, count);
  store.scan({}, nullptr, count);
  store.put(flow, "v", 0, count);
  CHECK(ended == 58);
  for (int turn = 0; turn < 20; ++turn) on.loop.turn(1ms);
  CHECK(ended == 58);
  CHECK(later == 0);
}
