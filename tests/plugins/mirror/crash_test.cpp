// The process ends between two steps: from then on nothing is stored any more, whatever the database still answers.
// After the next start each effect must be there, and be there once.
#include "cache_bench.hpp"
#include "failing_disk.hpp"

using namespace dbha;
using namespace dbha::test;
using mirror::Resync;

namespace {

struct Crashing : Scene {
  Crashing() {
    close();
    settings.owned = {"ports"};
    settings.remove_after = std::chrono::milliseconds(20);
    open();
  }
  ~Crashing() { close(); }  // before the disk
  void open() {
    Scene::open();
    resync = std::make_unique<Resync>(*mirror, database, mirror::ResyncLimits{.stretch = 1}, log);
  }
  void close() {
    resync.reset();
    Scene::close();
  }
  /// Of what comes now nothing is stored.
  static void crash() { FailingDisk::fail_with(SQLITE_IOERR); }
  void start_again() {
    close();
    FailingDisk::repair();
    open();
  }
  bool run(const std::string& event) { return resync->run(restart(event, everywhere)); }
  std::future<bool> run_and_wait_for(const std::string& event, const std::string& doing) {
    auto run = run_aside(*resync, restart(event, everywhere));
    REQUIRE(lab::wait_until(patience, [&] {
      const auto progress = resync->progress();
      return progress && progress->doing == doing;
    }));
    return run;
  }

  FailingDisk disk;  // before the first file is opened
  std::unique_ptr<Resync> resync;
};

const EntryName stranger{"ports", "switch-3", "stranger"};

}  // namespace

TEST_CASE("a crash between the database's answer and the note of it: the write is sent again, and nothing is undone") {
  Crashing s;
  s.database.hold(true);
  s.put(port("a"), "v");
  s.put(port("b"), "mine");
  REQUIRE(lab::wait_until(patience, [&] { return s.database.sendings() == 2; }));
  s.crash();
  s.database.hold(false);
  REQUIRE(lab::wait_until(patience, [&] { return s.database.value(port("b")) == "mine"; }));
  const auto version = s.database.entry(port("a"))->version;
  s.database.plant({port("b"), s.database.entry(port("b"))->version + 1, "theirs", false});
  s.start_again();
  CHECK(s.mirror->state().waiting == 2);
  s.until_drained();
  CHECK(s.database.sent(port("a")) == std::vector<std::string>{"v", "v"});
  CHECK(s.database.entry(port("a"))->version == version);
  CHECK(s.database.value(port("b")) == "theirs");
  CHECK(s.stored(port("b")) == "theirs");
}

TEST_CASE("a crash between what a resync wrote and the note that it is settled: it is compared again") {
  Crashing s;
  const auto names = s.fill();
  REQUIRE(s.run("first"));
  s.database.lose(names[5]);
  s.database.lose(names[9]);
  s.database.away({9});
  const auto asked = s.database.asked({9});
  auto run = s.run_and_wait_for("e", "compare");
  REQUIRE(lab::wait_until(patience, [&] { return s.database.asked({9}) > asked; }));
  CHECK(s.database.value(names[5]) == "v");
  s.crash();
  s.database.back();
  REQUIRE(lab::wait_until(patience, [&] { return s.database.value(names[9]) == "v"; }));
  s.resync->stop();
  done(run);
  s.start_again();
  const auto doubts = s.mirror->doubts();
  REQUIRE_FALSE(doubts.empty());
  CHECK(doubts.front().partitions.find({9}));
  CHECK_FALSE(doubts.front().partitions.find({5}));
  s.database.lose(names[9]);  // the second compare must see it
  CHECK(s.run("e"));
  CHECK(s.database.value(names[9]) == "v");
  CHECK(lab::wait_until(patience, [&] { return s.mirror->doubts().empty(); }));
}

TEST_CASE("a crash before what the database has newer is stored: the event is not done, and it is taken over later") {
  Crashing s;
  const auto names = s.fill();
  REQUIRE(s.run("first"));
  s.database.away({5});
  const auto asked = s.database.asked({5});
  auto run = s.run_and_wait_for("e", "compare");
  REQUIRE(lab::wait_until(patience, [&] { return s.database.asked({5}) > asked; }));
  s.database.plant({names[5], s.database.entry(names[5])->version + 1, "theirs", false});
  s.crash();
  s.database.back();
  CHECK_FALSE(done(run));
  s.start_again();
  CHECK(s.stored(names[5]) == "v");
  CHECK(s.run("e"));
  CHECK(s.stored(names[5]) == "theirs");
}

TEST_CASE("what the disk refuses in the middle of a comparison is not settled, though what comes next is stored") {
  Crashing s;
  s.close();
  s.settings.owned.clear();  // whose listing would find it
  s.open();
  const auto names = s.fill();
  REQUIRE(s.run("first"));
  s.database.away({5});
  auto asked = s.database.asked({5});
  auto run = s.run_and_wait_for("e", "compare");
  REQUIRE(lab::wait_until(patience, [&] { return s.database.asked({5}) > asked; }));
  s.database.plant({names[5], s.database.entry(names[5])->version + 1, "theirs", false});
  const auto until_over_or_at = [&](std::uint32_t partition) {
    asked = s.database.asked({partition});
    s.database.away({partition});
    REQUIRE(lab::wait_until(patience, [&] {
      return run.wait_for(std::chrono::seconds(0)) == std::future_status::ready ||
             s.database.asked({partition}) > asked;
    }));
  };
  FailingDisk::fail_with(SQLITE_FULL);
  until_over_or_at(9);
  FailingDisk::repair();
  until_over_or_at(12);
  s.resync->stop();
  CHECK_FALSE(done(run));
  s.start_again();
  s.database.back();
  CHECK(s.run("e"));
  CHECK(s.stored(names[5]) == "theirs");
}

TEST_CASE("an event that was taken in by a run that failed is not done: its own turn does the work") {
  Crashing s;
  const auto names = s.fill();
  REQUIRE(s.run("first"));
  s.database.away({2});
  const auto asked = s.database.asked({2});
  auto run = s.run_aside(*s.resync, restart("e1", set_of({range(2, 3)})));
  REQUIRE(lab::wait_until(patience, [&] { return s.database.asked({2}) > asked; }));
  s.database.plant({names[0], s.database.entry(names[0])->version + 1, "", true});
  const auto second = restart("e2", set_of({range(0, 0)}));
  s.resync->accepted(second);
  s.crash();
  s.database.back();
  CHECK_FALSE(done(run));
  FailingDisk::repair();
  CHECK(s.stored(names[0]) == "v");
  CHECK(s.resync->run(second));
  CHECK(s.stored(names[0]) == "removed");
}

TEST_CASE("a crash between the two passes of a removal: what was suspect is still looked at once more") {
  Crashing s;
  REQUIRE(s.run("first"));
  s.database.plant({stranger, 7, "v", false});
  s.close();
  s.settings.remove_after = std::chrono::hours(1);
  s.open();
  auto run = s.run_and_wait_for("e", "look again");
  s.resync->stop();
  CHECK_FALSE(done(run));
  CHECK(s.database.value(stranger) == "v");
  s.settings.remove_after = std::chrono::milliseconds(20);
  s.start_again();
  CHECK(s.database.value(stranger) == "v");
  const auto elsewhere = (s.database.partition_of(stranger).value + 1) % FakeDatabase::partitions;
  CHECK(s.resync->run(restart("another", set_of({range(elsewhere, elsewhere)}))));
  s.until_drained();
  CHECK(s.database.value(stranger) == "removed");
}

TEST_CASE("a crash as the second pass removes: nothing of it has happened, and it is done later, once") {
  Crashing s;
  REQUIRE(s.run("first"));
  s.database.plant({stranger, 7, "v", false});
  s.close();
  s.settings.remove_after = std::chrono::milliseconds(500);
  s.open();
  auto run = s.run_and_wait_for("e", "look again");
  s.crash();
  CHECK_FALSE(done(run));
  CHECK(s.database.value(stranger) == "v");
  s.start_again();
  CHECK(s.stored(stranger) == "nothing");
  CHECK(s.mirror->reader()->suspects({}, 10).size() == 1);
  CHECK(s.run("e"));
  s.until_drained();
  CHECK(s.database.value(stranger) == "removed");
  CHECK(s.database.sent(stranger).size() == 1);
}

TEST_CASE("a crash after a removal is stored and before the database has it: the outbox keeps it") {
  Crashing s;
  REQUIRE(s.run("first"));
  s.database.plant({stranger, 7, "v", false});
  REQUIRE(s.run("e"));
  s.until_drained();
  REQUIRE(s.database.value(stranger) == "removed");
  s.database.plant({port("other"), 7, "v", false});
  s.database.refuse_writes(true);
  REQUIRE(s.run("e2"));
  s.crash();
  s.start_again();
  CHECK(s.database.value(port("other")) == "v");
  CHECK(s.stored(port("other")) == "removed");
  s.database.refuse_writes(false);
  s.until_drained();
  CHECK(s.database.value(port("other")) == "removed");
}

TEST_CASE("a crash while a new store takes over what the database has: it is not complete, and removes nothing") {
  Crashing s;
  const auto names = s.one_in_each_partition();
  for (const auto& name : names) s.database.plant({name, 7, "theirs", false});
  s.database.away({3});
  auto run = s.run_and_wait_for("e", "list");
  REQUIRE(lab::wait_until(patience, [&] { return s.stored(names[12]) == "theirs"; }));
  s.crash();
  s.resync->stop();
  CHECK_FALSE(done(run));
  s.database.back();
  s.start_again();
  CHECK_FALSE(s.mirror->state().complete);
  CHECK(s.run("e"));
  s.until_drained();
  for (const auto& name : names) {
    CHECK(s.database.value(name) == "theirs");
    CHECK(s.stored(name) == "theirs");
  }
}

TEST_CASE("a cache that crashes between the two passes of a removal tells of it once, and not before the second") {
  const FailingDisk disk;
  CacheBench s;
  s.options.durations["remove_after"] = std::chrono::hours(1);
  s.put_through(port("lost"), "1");
  s.start_and_fill();
  s.database.lose(port("lost"));
  auto run = s.handle_aside(restart("e", everywhere));
  REQUIRE(lab::wait_until(patience, [&] {
    const auto progress = s.handler->progress();
    return progress && progress->doing == "look again";
  }));
  disk.fail_with(SQLITE_IOERR);
  s.handler->stop();
  CHECK_FALSE(done(run));
  s.stop_cache();
  disk.repair();
  const auto removals = [&] {
    const auto told = s.told_so_far();
    return std::count(told.begin(), told.end(), "removed lost ");
  };
  CHECK(removals() == 0);
  s.options.durations["remove_after"] = std::chrono::milliseconds(50);
  s.start_cache();
  CHECK(s.cached(port("lost")) == "1");
  CHECK(s.handle(restart("e", everywhere)));
  CHECK(s.cached(port("lost")) == "removed");
  CHECK(removals() == 1);
}
