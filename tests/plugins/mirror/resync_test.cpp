// A dbrestart: what the database had confirmed of some partitions may be gone.
#include "resync_scene.hpp"

using namespace dbha;
using namespace dbha::test;
using mirror::Resync;

TEST_CASE("what a failover lost is in the database again, and other partitions are not asked") {
  Scene s;
  Resync resync(*s.mirror, s.database, {}, s.log);
  const auto lost = port("lost", "switch-1"), kept = port("kept", "switch-1"), elsewhere = port("e", "switch-2");
  REQUIRE(s.database.partition_of(lost) != s.database.partition_of(elsewhere));
  for (const auto& name : {lost, kept, elsewhere}) REQUIRE(s.put_through(name, "v").in_database);
  s.remove(kept, {.wait = MirrorWait::database});
  s.database.lose(lost);
  s.database.lose(elsewhere);
  s.database.plant({kept, 1, "resurrected", false});

  CHECK(resync.run(restart("e1", s.partition_of(lost))));
  CHECK(s.database.value(lost) == "v");
  CHECK(s.database.value(kept) == "removed");
  CHECK(s.database.value(elsewhere) == "nothing");
  CHECK(s.database.asked(s.database.partition_of(elsewhere)) == 0);
  CHECK(resync.run(restart("e2", everywhere)));
  CHECK(s.database.value(elsewhere) == "v");
  CHECK_FALSE(resync.progress());
  CHECK(lab::wait_until(patience, [&] { return s.mirror->doubts().empty(); }));
}

TEST_CASE("what was confirmed since the shard was last seen well is written before anything is compared") {
  Scene s;
  const auto names = s.fill();
  s.database.lose(names[3]);
  Resync resync(*s.mirror, s.database, {}, s.log);
  const auto before = s.database.sendings();
  const auto long_ago = mirror::wall_time().ms() - 3'600'000;
  CHECK(resync.run(restart("e1", set_of({range(3, 4)}), long_ago)));
  CHECK(s.database.value(names[3]) == "v");
  CHECK(s.database.sendings() == before + 2);  // both, though only one was lost: what is there is left alone
  const auto in_an_hour = mirror::wall_time().ms() + 3'600'000;
  CHECK(resync.run(restart("e2", everywhere, in_an_hour)));
  CHECK(s.database.sendings() == before + 2);  // nothing is as new as that, and nothing differs
}

TEST_CASE("what others wrote meanwhile is taken over, and the application hears of it") {
  Scene s;
  const auto name = port("a");
  REQUIRE(s.put_through(name, "mine").in_database);
  const auto mine = s.database.entry(name)->version;
  s.database.plant({name, mine + 1, "theirs", false});
  std::promise<MirrorChange> told;
  const auto subscription = s.mirror->on_change([&](const MirrorChange& change) { told.set_value(change); });
  Resync resync(*s.mirror, s.database, {}, s.log);
  CHECK(resync.run(restart("e1", everywhere)));
  auto change = told.get_future();
  REQUIRE(change.wait_for(patience) == std::future_status::ready);
  CHECK(change.get().entry.value == "theirs");
  CHECK(s.stored(name) == "theirs");
  CHECK(s.database.value(name) == "theirs");
}

TEST_CASE("what the replaced primary acknowledges after the comparison is not lost") {
  Scene s;
  const auto name = port("a");
  REQUIRE(s.put_through(name, "first").in_database);
  s.database.to_replaced_primary(true);
  s.put(name, "second");
  REQUIRE(lab::wait_until(patience, [&] { return s.database.unanswered() == 1; }));
  s.database.to_replaced_primary(false);
  Resync resync(*s.mirror, s.database, {}, s.log);
  CHECK(resync.run(restart("e1", everywhere)));
  s.database.answer_late();
  s.until_drained();
  CHECK(s.database.value(name) == "second");
}

TEST_CASE("a resync waits for a database that is away, and goes on when it is back") {
  Scene s;
  const auto names = s.fill();
  s.database.lose(names[5]);
  s.database.away({5});
  Resync resync(*s.mirror, s.database, {}, s.log);
  auto run = s.run_aside(resync, restart("e1", everywhere));
  REQUIRE(lab::wait_until(patience, [&] { return s.database.asked({5}) >= 2; }));
  CHECK(run.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  s.database.back();
  CHECK(done(run));
  CHECK(s.database.value(names[5]) == "v");
}

TEST_CASE("after a crash a resync goes on where it stood") {
  Scene s;
  const auto names = s.fill();
  s.database.away({9});
  {
    Resync first(*s.mirror, s.database, {.stretch = 1}, s.log);
    auto run = s.run_aside(first, restart("e1", everywhere));
    REQUIRE(lab::wait_until(patience, [&] { return s.database.asked({9}) >= 1; }));
    first.stop();
    CHECK_FALSE(done(run));
  }
  s.close();
  s.open();
  REQUIRE(s.mirror->doubts().size() == 1);
  CHECK(s.mirror->doubts().front().partitions == set_of({range(9, 15)}));
  s.database.back();
  const auto before = s.database.asked({8});
  for (const std::uint32_t p : {8u, 12u}) s.database.lose(names[p]);
  Resync second(*s.mirror, s.database, {.stretch = 1}, s.log);
  CHECK(second.run(restart("e1", everywhere)));  // as it is delivered again
  CHECK(s.database.asked({8}) == before);
  CHECK(s.database.value(names[12]) == "v");
  CHECK(lab::wait_until(patience, [&] { return s.mirror->doubts().empty(); }));
}

TEST_CASE("an event that comes during a resync extends it, and its own turn finds nothing to do") {
  Scene s;
  const auto names = s.fill();
  s.database.away({2});
  Resync resync(*s.mirror, s.database, {.stretch = 1}, s.log);
  auto run = s.run_aside(resync, restart("e1", set_of({range(0, 2)})));
  REQUIRE(lab::wait_until(patience, [&] { return s.database.asked({2}) >= 1; }));
  s.database.lose(names[0]);  // it has been compared
  const auto again = restart("e2", set_of({range(0, 0)}));
  resync.accepted(again);
  s.database.back();
  CHECK(done(run));
  CHECK(s.database.value(names[0]) == "v");
  const auto asked = s.database.asked({0});
  CHECK(resync.run(again));
  CHECK(s.database.asked({0}) == asked);
  CHECK(resync.run(restart("e3", set_of({range(0, 0)}))));
  CHECK(s.database.asked({0}) == asked + 1);
}

TEST_CASE("proof that nothing was lost ends what the event alone had brought into doubt") {
  Scene s;
  s.fill();
  s.database.away({2});
  Resync resync(*s.mirror, s.database, {.stretch = 1}, s.log);
  auto run = s.run_aside(resync, restart("e1", set_of({range(2, 9)})));
  REQUIRE(lab::wait_until(patience, [&] { return s.database.asked({2}) >= 1; }));
  resync.accepted(restart("e2", set_of({range(9, 9)})));
  LossKnown known;
  known.id = "e1";
  known.loss = Loss::none;
  resync.accepted(known);
  s.database.back();
  CHECK(done(run));
  CHECK(s.database.asked({5}) == 0);
  CHECK(s.database.asked({9}) == 1);
  auto none = restart("e3", everywhere);
  none.loss = Loss::none;
  CHECK(resync.run(none));
  CHECK(s.database.asked({5}) == 0);
}

TEST_CASE("a resync keeps to its rate") {
  Scene s;
  for (int i = 0; i < 300; ++i) s.put(port(std::to_string(i), "switch-" + std::to_string(i)), "v");
  s.until_drained();
  Resync resync(*s.mirror, s.database, {.rate = 1000}, s.log);
  const auto begun = std::chrono::steady_clock::now();
  CHECK(resync.run(restart("e1", everywhere)));
  CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(200));
}

TEST_CASE("a resync that cannot read the store is not done") {
  Scene s;
  s.settings.file.path = s.folder.path() / "no-such-folder" / "m.db";
  s.close();
  s.open();
  Resync resync(*s.mirror, s.database, {}, s.log);
  CHECK_FALSE(resync.run(restart("e1", everywhere)));
}
