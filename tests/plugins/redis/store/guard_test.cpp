// A real Redis Cluster of three primaries: what each operation of the store does to one entry, and that no writer can
// undo what another has done later.
#include "redis/store_scripts.hpp"
#include "store_bench.hpp"
#include "support/store_rules.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

struct Guarded {
  lab::RedisCluster cluster{primaries_only()};
  EpollLoop loop;
  StoreBench bench{loop, cluster};
};

struct Several {
  lab::RedisCluster cluster{primaries_only()};
  EpollLoop loop;
  std::deque<StoreBench> programs;

  Several() {
    for (int i = 0; i < 8; ++i) programs.emplace_back(loop, cluster);
  }
  StoreUsers users() {
    StoreUsers out;
    for (StoreBench& program : programs) out.push_back(&program);
    return out;
  }
};

}  // namespace

TEST_CASE("the scripts are known by the hashes that Redis gives them") {
  Guarded on;
  for (const auto* script : {&redis::put_script(), &redis::create_script(), &redis::remove_script(),
                             &redis::look_script(), &redis::write_each_script(), &redis::number_script()}) {
    CHECK(on.cluster.client(0).demand({"SCRIPT", "LOAD", script->text}).text == script->sha);
  }
}

TEST_CASE("put replaces what is older, and nothing else") {
  Guarded on;
  put_replaces_what_is_older(on.bench);
}

TEST_CASE("versions are compared exactly, up to the last of 64 bits") {
  Guarded on;
  versions_are_exact(on.bench);
}

TEST_CASE("create takes no entry's place, but that of an older tombstone") {
  Guarded on;
  create_takes_no_entrys_place(on.bench);
}

TEST_CASE("remove leaves a tombstone that holds off what is older, also where nothing was") {
  Guarded on;
  remove_leaves_a_tombstone(on.bench);
}

TEST_CASE("an entry has no TTL, also in the place of a tombstone, and a tombstone has no data") {
  Guarded on;
  const std::string key = redis::key_of(flow);
  const auto ttl = [&] { return on.bench.raw(key, {"TTL", key}).integer; };
  check_applied(on.bench.remove(flow, 5));
  CHECK(ttl() > 0);
  check_applied(on.bench.put(flow, "new", 6));
  CHECK(ttl() == -1);
  check_applied(on.bench.remove(flow, 7));
  CHECK(on.bench.raw(key, {"HEXISTS", key, "d"}).integer == 0);
  check_applied(on.bench.create(flow, "newer", 8));
  CHECK(ttl() == -1);
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

TEST_CASE("a batch tells the versions of its entries, and writes each as it would be written alone") {
  Guarded on;
  SECTION("look") {
    a_batch_tells_the_versions(on.bench);
  }
  SECTION("write") {
    a_batch_writes_as_each_alone_would(on.bench);
  }
}

TEST_CASE("in a batch what holds no entry is told of, and the others are written") {
  Guarded on;
  const Entry good{beside("good"), 5, "v", false};
  const Entry text{beside("text"), 5, "v", false}, hash{beside("hash"), 5, "v", false};
  on.bench.raw(redis::key_of(text.name), {"SET", redis::key_of(text.name), "somebody's"});
  on.bench.raw(redis::key_of(hash.name), {"HSET", redis::key_of(hash.name), "f", "somebody's"});
  const auto done = on.bench.write({text, good, hash});
  REQUIRE(done.ok());
  CHECK(done.each[0].trouble.find("holds no entry: WRONGTYPE") != std::string::npos);
  CHECK(done.each[1].applied);
  CHECK(done.each[2].trouble.find("holds no entry: NOENTRY") != std::string::npos);
  CHECK(on.bench.look({text.name}).each[0].trouble.find("holds no entry: WRONGTYPE") != std::string::npos);
}

TEST_CASE("a batch of several partitions is refused before anything is sent") {
  Guarded on;
  const auto done = on.bench.look({flow, {"flows", "switch-8", "eth0"}});
  CHECK(done.outcome == Outcome::refused);
  CHECK(done.detail ==
        "entries of a batch lie in one partition: '{flows.switch-8}eth0' does not lie where "
        "'{flows.switch-7}eth0' does");
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

TEST_CASE("what cannot be an entry is refused before anything is sent") {
  Guarded on;
  what_is_no_entry_is_refused(on.bench);
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
       "+exists +hlen +hset +hdel +pexpire +persist +get +set +incr +scan"}));
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
  const auto written = bench.write({{flow, 4, {}, true}, {beside("other"), 1, "o", false}});
  REQUIRE(written.ok());
  CHECK((written.each[0].applied && written.each[1].applied));
  CHECK(bench.write({entry(5, "c")}).each.at(0).applied);  // over a tombstone
  CHECK(bench.look({flow}).each.at(0).entry->version == 5);
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
