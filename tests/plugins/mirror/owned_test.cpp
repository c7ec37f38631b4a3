// A table of which nobody but this mirror writes anything: what the database has there, and the store does not know, is
// removed; unless it is the store that has lost it.
#include <filesystem>

#include "resync_scene.hpp"

using namespace dbha;
using namespace dbha::test;
using mirror::Resync;

namespace {

mirror::Settings owning(mirror::Settings settings, Duration remove_after) {
  settings.owned = {"ports"};
  settings.remove_after = remove_after;
  return settings;
}

/// A mirror of `ports`, which it owns, and `links`, which it does not.
struct Owner : Scene {
  explicit Owner(Duration remove_after = std::chrono::milliseconds(20)) {
    close();
    settings = owning(settings, remove_after);
    open();
  }
  void open() {
    Scene::open();
    resync = std::make_unique<Resync>(*mirror, database, mirror::ResyncLimits{.stretch = 4}, log);
  }
  void close() {
    resync.reset();
    Scene::close();
  }
  /// As at another start of the process, with a store that is gone.
  void lose_store() {
    close();
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(settings.file.path.string() + end);
    open();
  }
  bool run(const PartitionSet& partitions = everywhere) {
    return resync->run(restart("e" + std::to_string(++events), partitions));
  }
  void until_looks_again() {
    REQUIRE(lab::wait_until(patience, [&] {
      const auto progress = resync->progress();
      return progress && progress->doing == "look again";
    }));
  }
  std::string value(const EntryName& name) { return database.value(name); }

  std::unique_ptr<Resync> resync;
  int events = 0;
};

const EntryName stranger{"ports", "switch-3", "stranger"};
const EntryName neighbour{"links", "switch-3", "stranger"};

}  // namespace

TEST_CASE("what the database has of an owned table and the store does not know is removed, above its version") {
  Owner s;
  const auto names = s.fill();
  REQUIRE(s.run());
  REQUIRE(s.mirror->state().complete);
  const std::uint64_t far_future = (std::uint64_t{1} << 63) - (std::uint64_t{1} << 40);
  s.database.plant({stranger, far_future, "v", false});
  s.database.plant({neighbour, 7, "v", false});
  CHECK(s.run(s.partition_of(names[0])));
  if (s.database.partition_of(stranger) != s.database.partition_of(names[0])) CHECK(s.value(stranger) == "v");
  CHECK(s.run());
  s.until_drained();
  CHECK(s.value(stranger) == "removed");
  CHECK(s.database.entry(stranger)->version > far_future);
  CHECK(s.stored(stranger) == "removed");
  CHECK(s.value(neighbour) == "v");
  for (const auto& name : names) CHECK(s.value(name) == "v");
}

TEST_CASE("a new store removes nothing: it takes over what the database has, and is complete then") {
  Owner s;
  const auto names = s.one_in_each_partition();
  for (const auto& name : names) s.database.plant({name, 7, "theirs", false});
  s.database.plant({neighbour, 7, "v", false});
  std::atomic<int> created = 0;
  const auto subscription = s.mirror->on_change(
      [&](const MirrorChange& change) { created += change.kind == MirrorChange::Kind::created ? 1 : 0; });
  CHECK_FALSE(s.mirror->state().complete);
  CHECK(s.run());
  CHECK(s.mirror->state().complete);
  CHECK(created == 16);
  for (const auto& name : names) {
    CHECK(s.stored(name) == "theirs");
    CHECK(s.value(name) == "theirs");
  }
  CHECK(s.stored(neighbour) == "nothing");
  CHECK(s.database.sendings() == 0);
}

TEST_CASE("a store that was lost is rebuilt from the database, and removes nothing of it") {
  Owner s;
  const auto names = s.fill();
  REQUIRE(s.run());
  REQUIRE(s.mirror->state().complete);
  s.lose_store();
  CHECK_FALSE(s.mirror->state().complete);
  CHECK(s.run());
  for (const auto& name : names) {
    CHECK(s.value(name) == "v");
    CHECK(s.stored(name) == "v");
  }
  CHECK(s.mirror->state().complete);
}

TEST_CASE("an older copy of the store that is brought back takes over what was written since, and removes nothing") {
  Owner s;
  const auto old = s.fill();
  REQUIRE(s.run());
  s.close();
  const auto file = s.settings.file.path, copy = s.folder.path() / "copy";
  std::filesystem::copy_file(file, copy);  // the last to close it has left no WAL
  s.open();
  REQUIRE(s.mirror->state().complete);  // another start alone is no reason
  REQUIRE(s.put_through(port("since"), "v").in_database);
  s.close();
  std::filesystem::copy_file(copy, file, std::filesystem::copy_options::overwrite_existing);
  s.open();
  CHECK(s.stored(port("since")) == "nothing");
  CHECK_FALSE(s.mirror->state().complete);
  CHECK(s.run());
  s.until_drained();
  CHECK(s.value(port("since")) == "v");
  CHECK(s.stored(port("since")) == "v");
  CHECK(s.mirror->state().complete);
}

TEST_CASE("a store that has forgotten its last removal is no older copy") {
  Owner s;
  s.settings.tombstone_ttl = Duration{};
  s.close();
  s.open();
  REQUIRE(s.run());
  s.put_through(port("gone"), "v");
  s.remove(port("gone"), {.wait = MirrorWait::database});
  s.close();
  s.open();
  REQUIRE(lab::wait_until(patience, [&] { return s.stored(port("gone")) == "nothing"; }));
  s.close();
  s.open();
  CHECK(s.mirror->state().complete);
}

TEST_CASE("a store that has seen a part of the database only is not complete, and removes nothing") {
  Owner s;
  s.database.plant({stranger, 7, "v", false});
  const auto half = set_of({range(0, 7)}), other_half = set_of({range(8, 15)});
  CHECK(s.run(half));
  CHECK_FALSE(s.mirror->state().complete);
  CHECK(s.run(other_half));
  CHECK_FALSE(s.mirror->state().complete);  // the first half is what it was then
  CHECK(s.value(stranger) == "v");
  CHECK(s.stored(stranger) == "v");
}

TEST_CASE("while a primary is away the store is not complete, and its partitions are listed when it is back") {
  Owner s;
  const auto names = s.one_in_each_partition();
  for (const auto& name : names) s.database.plant({name, 7, "theirs", false});
  s.database.away({3});
  auto run = s.run_aside(*s.resync, restart("e", everywhere));
  REQUIRE(lab::wait_until(patience, [&] { return s.stored(names[12]) == "theirs"; }));  // of the other primary
  CHECK_FALSE(s.mirror->state().complete);
  CHECK(run.wait_for(std::chrono::milliseconds(1)) == std::future_status::timeout);
  s.database.back();
  CHECK(done(run));
  CHECK(s.mirror->state().complete);
  CHECK(s.stored(names[3]) == "theirs");
}

TEST_CASE("between the two passes an application may put what was unknown, and somebody may remove it") {
  Owner s(std::chrono::seconds(2));
  REQUIRE(s.run());
  const EntryName put{"ports", "switch-1", "put"}, gone{"ports", "switch-2", "gone"};
  for (const auto& name : {put, gone, stranger}) s.database.plant({name, 7, "v", false});
  auto run = s.run_aside(*s.resync, restart("e", everywhere));
  s.until_looks_again();
  CHECK(s.value(stranger) == "v");
  s.put(put, "mine");
  s.database.plant({gone, 8, "", true});
  CHECK(done(run));
  s.until_drained();
  CHECK(s.value(put) == "mine");
  CHECK(s.stored(put) == "mine");
  CHECK(s.stored(gone) == "nothing");
  CHECK(s.value(stranger) == "removed");
}

TEST_CASE("a dbrestart between the two passes puts the second one off") {
  Owner s(std::chrono::seconds(2));
  REQUIRE(s.run());
  s.database.plant({stranger, 7, "v", false});
  auto run = s.run_aside(*s.resync, restart("e", everywhere));
  s.until_looks_again();
  const auto begun = std::chrono::steady_clock::now();
  const auto scans = s.database.scans();
  s.resync->accepted(restart("again", set_of({range(0, 3)})));
  REQUIRE(lab::wait_until(patience, [&] { return s.database.scans() > scans; }));
  CHECK(done(run));
  CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::seconds(2));
  s.until_drained();
  CHECK(s.value(stranger) == "removed");
}
