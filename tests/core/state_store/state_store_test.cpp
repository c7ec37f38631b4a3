#include "state_store/state_store.hpp"

#include <fstream>

#include <sqlite3.h>

#include <dbha/error.hpp>

#include "support/catch.hpp"
#include "support/sample_topology.hpp"
#include "support/temp_folder.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

DbRestart event(std::uint32_t first) {
  DbRestart out;
  out.cluster = "nb";
  out.partitions = set_of({range(first, first + 9)});
  return out;
}

std::string refusal(const std::filesystem::path& folder) {
  try {
    StateStore store(folder, "n");
  } catch (const StartError& e) {
    return e.what();
  }
  return "none";
}

void run_sql(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

MarkMemory memory_of_all_kinds() {
  MarkMemory out;
  out.replid_epoch[{"p1"}] = {7};
  out.healthy_ms[{"p2"}] = 1234;
  out.pending.set(
      range(5, 9),
      PendingReshard{
          {"p1"}, {"life"}, {"stream"}, {"p2"}, AwaitedTaker{{"life-2"}, ReplId{"taker"}}, true, true, {7}, {}});
  out.witness.vain[{"p3"}].set(range(1, 2), {});
  out.witness.heard[{"p2"}] = {9};
  out.witness.streams[{"p2"}] = {{"life-2"}, {"stream-2"}, {}};
  out.witness.streams[{"p2"}].at_first.set(range(3, 4), {});
  out.witness.ceded.set(range(5, 6), {{"p1"}, {"p2"}});
  out.witness.given.set(range(7, 8), {"p3"});
  return out;
}

}  // namespace

TEST_CASE("a new store is empty, makes its folder, and remembers what it is given") {
  TempFolder folder;
  const auto path = folder.path() / "deep" / "er";
  {
    StateStore store(path, "n");
    REQUIRE_FALSE(store.detector().topology);
    REQUIRE_FALSE(store.handled("h"));
    REQUIRE(store.pending("h").empty());
    store.save_detector({shared(three_shards()), {}});
    store.save_detector({shared(after_failover(three_shards())), memory_of_all_kinds()});
  }
  const auto again = StateStore(path, "n").detector();
  REQUIRE(*again.topology == after_failover(three_shards()));
  REQUIRE(again.memory == memory_of_all_kinds());
}

TEST_CASE("the start rises each time, even where the clock steps back") {
  TempFolder folder;
  REQUIRE(StateStore(folder.path(), "n").next_start(1000) == 1000);
  REQUIRE(StateStore(folder.path(), "n").next_start(500) == 1001);
  REQUIRE(StateStore(folder.path(), "n").next_start(-5) == 1002);
  REQUIRE(StateStore(folder.path(), "n").next_start(5000) == 5000);
}

TEST_CASE("marks and events are accepted together, for each handler by itself, and struck off one by one") {
  TempFolder folder;
  const auto marks = three_shards().marks;
  std::vector<DbRestart> events{event(0), event(10)};
  {
    StateStore store(folder.path(), "n");
    store.accept("h", marks, events, "c-");
    REQUIRE(events[0].id != events[1].id);
    REQUIRE(events[0].id.rfind("c-", 0) == 0);
  }
  StateStore store(folder.path(), "n");
  REQUIRE(*store.handled("h") == marks);
  REQUIRE_FALSE(store.handled("other"));
  auto pending = store.pending("h");
  REQUIRE(pending.size() == 2);
  REQUIRE(pending[0].id == events[0].id);
  REQUIRE(pending[0].partitions == events[0].partitions);
  store.done("other", events[0].id);
  REQUIRE(store.pending("h").size() == 2);
  store.done("h", events[0].id);
  store.done("h", events[0].id);
  REQUIRE(store.pending("h").size() == 1);
}

TEST_CASE("an id is never given twice, also after all events are done and the process was restarted") {
  TempFolder folder;
  std::vector<DbRestart> first{event(0)};
  std::vector<DbRestart> second{event(0)};
  {
    StateStore store(folder.path(), "n");
    store.accept("h", {}, first, "c-");
    store.done("h", first[0].id);
  }
  StateStore(folder.path(), "n").accept("h", {}, second, "c-");
  REQUIRE(first[0].id != second[0].id);
}

TEST_CASE("an event that stands for others takes their place at one handler, under an id of its own") {
  TempFolder folder;
  StateStore store(folder.path(), "n");
  std::vector<DbRestart> waiting{event(0), event(10)};
  store.accept("h", {}, waiting, "c-");
  std::vector<DbRestart> other{event(0)};
  store.accept("other", {}, other, "c-");
  std::vector<DbRestart> whole{event(20)};
  store.accept("h", {}, whole, "c-", waiting);
  const auto pending = store.pending("h");
  REQUIRE(pending.size() == 1);
  REQUIRE(pending[0].id == whole[0].id);
  REQUIRE(store.pending("other").size() == 1);
}

TEST_CASE("a second process of the same name is refused, and told what must be unique") {
  TempFolder folder;
  const auto expected =
      Catch::Contains("is another process of this name running?") && Catch::Contains((folder.path() / "n.db").string());
  {
    StateStore fresh(folder.path(), "n");
    REQUIRE_THAT(refusal(folder.path()), Catch::Contains("is another process of this name running?"));
    REQUIRE_THAT(refusal(folder.path()), Catch::Contains((folder.path() / "n.db").string()));
    StateStore other(folder.path(), "m");
  }
  StateStore reopened(folder.path(), "n");
  REQUIRE_THAT(refusal(folder.path()), Catch::Contains("is another process of this name running?"));
}

TEST_CASE("a file that is no store is refused with the advice to move it away") {
  TempFolder folder;
  std::ofstream(folder.path() / "n.db") << std::string(8192, 'x');
  REQUIRE_THAT(refusal(folder.path()), Catch::Contains("n.db cannot be used: file is not a database") &&
                                           Catch::Contains("move the file away to start without memory"));
}

TEST_CASE("a store of another schema is refused with both numbers, and left as it is") {
  TempFolder folder;
  const auto file = folder.path() / "n.db";
  run_sql(file,
          "CREATE TABLE setting (key TEXT PRIMARY KEY, value) WITHOUT ROWID; "
          "INSERT INTO setting VALUES ('schema', '7'); CREATE TABLE pending (other TEXT)");
  REQUIRE_THAT(refusal(folder.path()), Catch::Contains("another version of dbha: schema 1 expected, 7 found"));
  run_sql(file, "INSERT INTO pending (other) VALUES ('untouched')");
}

TEST_CASE("what the detector stored and cannot be read is refused, with the file's name and what to do") {
  TempFolder folder;
  const auto damaged = [&](const std::string& json) {
    { StateStore store(folder.path(), "n"); }
    run_sql(folder.path() / "n.db", "INSERT OR REPLACE INTO setting VALUES ('detector', '" + json + "')");
    try {
      (void)StateStore(folder.path(), "n").detector();
    } catch (const StartError& e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  const auto advice = Catch::Contains("n.db: ");
  const auto what_to_do = Catch::Contains("move the file away to start without memory");
  REQUIRE_THAT(damaged("{"), Catch::Contains("its 'detector' is no topology with a memory") && advice && what_to_do);
  const std::string topology = R"({"topology":{"generation":1,"partitions":1,"nodes":[],"claims":[],"marks":[]},)";
  REQUIRE_THAT(damaged(topology + R"("memory":{}})"),
               Catch::Contains("the detector's memory cannot be read") && advice && what_to_do);
  REQUIRE_THAT(
      damaged(topology + R"("memory":{"replid_epoch":{"a":-1},"healthy":{},"pending":[],"vain":{},"heard":{}}})"),
      Catch::Contains("-1 is no number") && advice && what_to_do);
}

TEST_CASE("a folder that cannot be made is refused by its name") {
  TempFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  REQUIRE_THAT(refusal(folder.path() / "file" / "sub"),
               Catch::Contains("state_dir") && Catch::Contains("cannot be made"));
}
