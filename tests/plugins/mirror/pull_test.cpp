// A cache: the database is the truth, and the application hears what changes.
#include "cache_bench.hpp"

using namespace dbha;
using namespace dbha::test;
using Lines = std::vector<std::string>;

TEST_CASE("a cache takes over what the database has of its tables, and says when that is all") {
  CacheBench s;
  const auto names = s.one_in_each_partition();
  for (const auto& name : names) s.database.plant({name, 7, "theirs", false});
  const EntryName elsewhere{"links", "switch-1", "eth0"};
  s.database.plant({elsewhere, 7, "v", false});
  s.database.plant({port("gone"), 8, "", true});
  s.start_cache();
  s.until_compared(1);
  for (const auto& name : names) CHECK(s.cached(name) == "theirs");
  CHECK(s.cached(elsewhere) == "nothing");
  CHECK(s.cached(port("gone")) == "nothing");
  CHECK(s.cache->state().complete);
  CHECK(s.cache->state().waiting == 0);
  CHECK(s.database.sendings() == 0);
}

TEST_CASE("what another mirror pushes is in the cache at once, and the application is told of it") {
  CacheBench s;
  s.start_and_fill();
  const auto scans = s.database.scans();
  s.put(port("a"), "1");
  s.until_cached(port("a"), "1");
  s.put(port("a"), "2");
  s.until_cached(port("a"), "2");
  s.remove(port("a"));
  s.until_cached(port("a"), "removed");
  const std::string large(10'000, 'v');
  s.put(port("large"), large);
  s.until_cached(port("large"), large);
  CHECK(s.told_so_far() == Lines{"created a 1", "updated a 2", "removed a ", "created large " + large});
  CHECK(s.database.scans() == scans);
  CHECK(s.cached({"links", "switch-7", "a"}) == "nothing");
}

TEST_CASE("messages that come late, or twice, change nothing") {
  CacheBench s;
  s.start_and_fill();
  s.put(port("a"), "1");
  s.until_cached(port("a"), "1");
  s.put(port("a"), "2");
  s.until_cached(port("a"), "2");
  for (const auto& message : s.host.said("dbha/ports")) s.host.publish("dbha/ports", message, [](const Result&) {});
  s.put(port("b"), "1");
  s.until_cached(port("b"), "1");
  CHECK(s.cached(port("a")) == "2");
  CHECK(s.told_so_far() == Lines{"created a 1", "updated a 2", "created b 1"});
}

TEST_CASE("what was announced while pub/sub was interrupted is made up for") {
  CacheBench s;
  s.put_through(port("kept"), "1");
  s.put_through(port("gone"), "1");
  s.start_and_fill();
  s.host.lose_messages(true);
  s.put_through(port("kept"), "2");
  s.put_through(port("new"), "1");
  s.remove(port("gone"), {.wait = MirrorWait::database});
  CHECK(s.cached(port("kept")) == "1");
  s.interrupted("somebody/else");
  s.interrupted("dbha/ports");
  s.until_compared(2);
  CHECK(s.cached(port("kept")) == "2");
  CHECK(s.cached(port("new")) == "1");
  CHECK(s.cached(port("gone")) == "removed");
  CHECK(s.compared() == 2);  // not because of somebody else's channel
}

TEST_CASE("who has missed messages compares at a moment of the resync window, as all do that listened there") {
  CacheBench s;
  s.start_and_fill();
  s.host.window = std::chrono::hours(1000);
  s.interrupted("dbha/ports");
  s.until_waiting_for_its_moment();
  CHECK(s.compared() == 1);
  s.stop_cache();  // at once
  s.host.window = std::chrono::milliseconds(20);
  s.start_cache();
  s.until_compared(2);
  s.interrupted("dbha/ports");
  s.until_compared(3);
}

TEST_CASE("what was lost without a sign is found by a comparison once in a while") {
  CacheBench s;
  s.options.durations["compare_every"] = std::chrono::milliseconds(20);
  s.start_and_fill();
  s.host.lose_messages(true);
  s.put_through(port("a"), "1");
  s.until_cached(port("a"), "1");
}

TEST_CASE("a message that cannot be read leads to a comparison") {
  CacheBench s;
  s.start_and_fill();
  s.database.plant({port("a"), 7, "theirs", false});
  s.host.publish("dbha/ports", "rubbish", [](const Result&) {});
  s.until_cached(port("a"), "theirs");
  CHECK(s.log.contains("mirror_announcement_malformed"));
}

TEST_CASE("a value that is announced without and cannot be read from the database leads to a comparison") {
  CacheBench s;
  s.start_and_fill();
  const std::string large(10'000, 'v');
  const auto name = port("large");
  s.database.plant({name, 7, large, false});
  s.database.away({s.database.partition_of(name).value});
  s.host.publish("dbha/ports", "7 changed 8 5 0\nswitch-7large", [](const Result&) {});
  const auto asked = [&] { return s.database.asked(s.database.partition_of(name)) > 0; };
  REQUIRE(lab::wait_until(patience, asked));
  s.database.back();
  s.until_cached(name, large);
}

TEST_CASE("what has changed while the process was away is found at its next start") {
  CacheBench s;
  s.put_through(port("a"), "1");
  s.put_through(port("gone"), "1");
  s.start_and_fill();
  s.stop_cache();
  s.put_through(port("a"), "2");
  s.remove(port("gone"), {.wait = MirrorWait::database});
  s.start_cache();
  s.until_cached(port("a"), "2");
  s.until_cached(port("gone"), "removed");
}

TEST_CASE("a cache that the database does not tell all says so, and is complete as soon as it does") {
  CacheBench s;
  s.database.plant({port("a"), 7, "theirs", false});
  s.database.forbid_scans(true);
  s.start_cache();
  REQUIRE(lab::wait_until(patience, [&] { return !s.handler->trouble().empty(); }));
  CHECK(s.handler->trouble() == "the database does not tell all that it has of table 'ports': NOPERM no permission");
  CHECK_FALSE(s.cache->state().complete);
  s.database.forbid_scans(false);
  s.until_cached(port("a"), "theirs");
  CHECK(lab::wait_until(patience, [&] { return s.cache->state().complete && s.handler->trouble().empty(); }));
}

TEST_CASE("nothing is written into a cache") {
  CacheBench s;
  s.start_and_fill();
  const auto put = result_of(s.cache->put(port("a"), "1"));
  CHECK(put.outcome == MirrorOutcome::refused);
  CHECK(
      put.reason ==
      "mirror cache is a cache of the database (direction = \"pull\"): write to the mirror that pushes table 'ports', "
      "or into the database itself");
  CHECK(result_of(s.cache->remove(port("a"))).outcome == MirrorOutcome::refused);
  CHECK(s.database.value(port("a")) == "nothing");
}

TEST_CASE("a cache of some topics holds no others") {
  CacheBench s;
  s.options.lists["topics"] = {"switch-1", "switch-2"};
  int i = 4;
  while (s.database.partition_of(port("n", "switch-" + std::to_string(i))) !=
         s.database.partition_of(port("n", "switch-1")))
    ++i;
  const EntryName neighbour = port("n", "switch-" + std::to_string(i));
  s.put_through(neighbour, "1");
  s.put_through(port("a", "switch-1"), "1");
  s.put_through(port("b", "switch-3"), "1");
  s.start_and_fill();
  CHECK(s.cached(port("a", "switch-1")) == "1");
  s.put_through(port("c", "switch-3"), "1");
  s.put_through(port("d", "switch-2"), "1");
  s.until_cached(port("d", "switch-2"), "1");
  CHECK(s.cached(port("b", "switch-3")) == "nothing");
  CHECK(s.cached(port("c", "switch-3")) == "nothing");
  CHECK(s.cached(neighbour) == "nothing");
  CHECK(s.cache->state().complete);
}

TEST_CASE("a removal in the database that is newer removes at once") {
  CacheBench s;
  s.options.durations["remove_after"] = std::chrono::hours(1);
  s.put_through(port("a"), "1");
  s.start_and_fill();
  s.database.plant({port("a"), s.database.entry(port("a"))->version + 1, "", true});
  CHECK(s.handle(restart("e", everywhere)));
  CHECK(s.told_so_far().back() == "removed a ");
}

TEST_CASE("what a failover lost stays in the cache, and is not told of when it is written back in time") {
  CacheBench s;
  s.options.durations["remove_after"] = std::chrono::seconds(3);
  s.put_through(port("lost"), "1");
  s.put_through(port("older"), "1");
  const auto first = *s.database.entry(port("older"));
  s.put_through(port("older"), "2");
  s.start_and_fill();
  const auto told = s.told_so_far();
  s.database.lose(port("lost"));
  s.database.plant(first);
  auto run = s.handle_aside(restart("e", everywhere));
  REQUIRE(lab::wait_until(patience, [&] {
    const auto progress = s.handler->progress();
    return progress && progress->doing == "look again";
  }));
  mirror::Resync pusher(*s.mirror, s.database, {}, s.log);
  CHECK(pusher.run(restart("e", everywhere)));
  CHECK(done(run));
  CHECK(s.cached(port("lost")) == "1");
  CHECK(s.cached(port("older")) == "2");
  CHECK(s.told_so_far() == told);
}

TEST_CASE("what the database lacks at the second look too is removed, and comes back when it is written again") {
  CacheBench s;
  s.put_through(port("lost"), "1");
  s.put_through(port("kept"), "1");
  s.start_and_fill();
  const auto before = *s.database.entry(port("lost"));
  const auto sendings = s.database.sendings();
  s.database.lose(port("lost"));
  CHECK(s.handle(restart("e", everywhere)));
  CHECK(s.told_so_far().back() == "removed lost ");
  CHECK(s.cached(port("lost")) == "removed");
  CHECK(s.cached(port("kept")) == "1");
  CHECK(s.database.sendings() == sendings);  // a cache writes nothing
  s.database.plant(before);
  CHECK(s.handle(restart("e2", everywhere)));
  CHECK(s.cached(port("lost")) == "1");
  CHECK(s.told_so_far().back() == "created lost 1");
}

TEST_CASE("versions never go backwards in a cache, whatever the database says and however often") {
  CacheBench s;
  s.put_through(port("a"), "1");
  const auto first = *s.database.entry(port("a"));
  s.put_through(port("a"), "2");
  s.start_and_fill();
  s.database.plant(first);
  for (const char* event : {"e1", "e2", "e3"}) CHECK(s.handle(restart(event, everywhere)));
  CHECK(s.cached(port("a")) == "2");
}

TEST_CASE("options that contradict each other are refused with what is expected") {
  CacheBench s;
  const auto why = [&] { return why_refused([&] { s.start_cache(); }); };
  s.options.texts["direction"] = "both";
  CHECK(why() == "nb.toml:7:1: direction: expected \"push\" or \"pull\", found \"both\"");
  s.options.texts["direction"] = "pull";
  s.options.lists["owned"] = {"ports"};
  CHECK(
      why() ==
      "nb.toml:7:1: owned: expected none in a mirror with direction \"pull\", which owns no table: the database is the "
      "truth");
  s.options.texts["direction"] = "push";
  s.options.lists["owned"] = {"vlans"};
  CHECK(why() == "nb.toml:7:1: owned: expected tables that are among `tables`, found \"vlans\"");
  s.options.lists["owned"] = {};
  s.options.lists["topics"] = {"switch-1"};
  CHECK(why() ==
        "nb.toml:7:1: topics: expected none in a mirror with direction \"push\", which holds its tables whole");
  s.options.texts["direction"] = "pull";
  s.options.lists["topics"] = {""};
  CHECK(why() == "nb.toml:7:1: topics: expected names of topics, found an empty one");
}
