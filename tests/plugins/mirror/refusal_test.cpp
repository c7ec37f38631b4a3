// The mirror's store cannot be used: new writes are refused at once with a reason, and nothing accepted is lost.
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "failing_disk.hpp"
#include "mirror_bench.hpp"

using namespace dbha;
using namespace dbha::test;
namespace fs = std::filesystem;

namespace {

bool says(const MirrorResult& result, const std::string& text) {
  INFO(result.reason);
  CHECK(result.outcome == MirrorOutcome::refused);
  return result.reason.find(text) != std::string::npos;
}

/// Accepted before the disk failed: still there, also after the next start.
void check_kept(MirrorBench& bench, const EntryName& name) {
  CHECK(bench.stored(name) == "kept");
  bench.close();
  bench.open();
  CHECK(bench.stored(name) == "kept");
}

/// Who is root may write anywhere: for a moment this process is somebody who may not.
class Unprivileged {
 public:
  Unprivileged() : was_(geteuid()) { done_ = seteuid(was_ == 0 ? 65534 : was_); }
  ~Unprivileged() { done_ = seteuid(was_); }

 private:
  uid_t was_;
  int done_ = 0;
};

}  // namespace

TEST_CASE("a full disk refuses new writes until there is room, and what was accepted still gets to the database") {
  const FailingDisk disk;
  MirrorBench bench;
  bench.database.away(FakeDatabase::all());
  for (int i = 0; i < 500; ++i) REQUIRE(bench.put(port(std::to_string(i)), "kept").outcome == MirrorOutcome::stored);

  disk.fail_with(SQLITE_FULL);
  CHECK(says(bench.put(port("new"), "v"), "database or disk is full; make room on its disk"));
  CHECK(bench.mirror->state().trouble.find("full") != std::string::npos);
  CHECK(bench.mirror->trouble() == bench.mirror->state().trouble);
  CHECK(bench.log.contains("mirror_store_unusable"));
  CHECK(bench.stored(port("new")) == "nothing");

  // What it says cannot be noted now; so it is sent once more later.
  bench.database.back();
  REQUIRE(lab::wait_until(patience, [&] {
    for (int i = 0; i < 500; ++i)
      if (bench.database.value(port(std::to_string(i))) != "kept") return false;
    return true;
  }));
  CHECK(bench.mirror->state().waiting == 500);

  disk.repair();
  CHECK(bench.put(port("new"), "v").outcome == MirrorOutcome::stored);
  CHECK(bench.mirror->state().trouble.empty());
  CHECK(bench.log.contains("mirror_store_usable"));
  bench.close();
  bench.open();
  bench.until_drained();
  check_kept(bench, port("499"));
}

TEST_CASE("a disk that becomes read-only, or breaks, refuses new writes and loses none") {
  const auto [code, words] = GENERATE(std::pair{SQLITE_READONLY, "writable for the user of this process"},
                                      std::pair{SQLITE_IOERR, "disk I/O error; look at its disk (dmesg, df)"});
  const FailingDisk disk;
  MirrorBench bench;
  bench.put(port("a"), "kept");
  disk.fail_with(code);
  CHECK(says(bench.put(port("b"), "v"), words));
  disk.repair();
  CHECK(bench.put(port("b"), "v").outcome == MirrorOutcome::stored);
  check_kept(bench, port("a"));
}

TEST_CASE("of writes that share a commit, one for which there is no room refuses nobody else's") {
  const FailingDisk disk;
  MirrorBench bench;
  disk.room(3'000'000);
  std::promise<void> leave;
  bench.mirror->put(port("first"), "v", {}, [&](const MirrorResult&) { leave.get_future().wait(); });
  // While that holds up the store's thread, these come to wait for one commit.
  std::vector<std::future<MirrorResult>> small;
  for (int i = 0; i < 10; ++i) small.push_back(bench.mirror->put(port(std::to_string(i)), "v"));
  auto big = bench.mirror->put(port("big"), std::string(4'000'000, 'v'));
  for (int i = 10; i < 20; ++i) small.push_back(bench.mirror->put(port(std::to_string(i)), "v"));
  leave.set_value();
  CHECK(says(result_of(std::move(big)), "database or disk is full"));
  for (auto& each : small) CHECK(result_of(std::move(each)).outcome == MirrorOutcome::stored);
  for (int i = 0; i < 20; ++i) CHECK(bench.stored(port(std::to_string(i))) == "v");
}

TEST_CASE("a store that cannot be opened refuses with what to do, and is used as soon as it can be") {
  MirrorBench bench;
  bench.close();
  bench.settings.file.path = bench.folder.path() / "later" / "m.db";
  bench.open();
  CHECK(says(bench.put(port("a"), "v"), "its folder must exist and be writable for the user of this process"));
  CHECK(bench.mirror->trouble().find((bench.folder.path() / "later" / "m.db").string()) != std::string::npos);
  const auto found = bench.mirror->get(port("a"));
  CHECK_FALSE(found.ok);
  CHECK(found.reason == bench.mirror->trouble());
  fs::create_directory(bench.folder.path() / "later");
  REQUIRE(lab::wait_until(patience, [&] { return bench.mirror->trouble().empty(); }));
  CHECK(bench.put_through(port("a"), "v").in_database);
}

TEST_CASE("a folder that may not be written refuses new writes") {
  MirrorBench bench;
  bench.close();
  const auto folder = bench.folder.path() / "read-only";
  fs::create_directory(folder);
  fs::permissions(bench.folder.path(), fs::perms::all);
  fs::permissions(folder,
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  bench.settings.file.path = folder / "m.db";
  const Unprivileged nobody;
  bench.open();
  CHECK(says(bench.put(port("a"), "v"), "its folder must exist and be writable for the user of this process"));
  bench.close();
}

TEST_CASE("a damaged file refuses new writes with what to do, and is not touched") {
  MirrorBench bench;
  bench.put(port("a"), "kept");
  bench.close();
  const std::string rubbish(100'000, 'x');
  const auto file = bench.settings.file.path;
  fs::remove(file.string() + "-wal");
  std::ofstream(file, std::ios::binary) << rubbish;
  bench.open();
  CHECK(says(bench.put(port("b"), "v"), "it is damaged: stop the process and move the file away"));
  bench.close();
  std::ifstream in(file, std::ios::binary);
  CHECK(std::string(std::istreambuf_iterator<char>(in), {}) == rubbish);
}

TEST_CASE("a store that is deleted while it is used accepts nothing more, and what it accepted gets to the database") {
  MirrorBench bench;
  bench.database.away(FakeDatabase::all());
  bench.put(port("a"), "kept");
  fs::remove_all(bench.folder.path());
  CHECK(says(bench.put(port("b"), "v"), "the file is gone, or another stands in its place"));
  CHECK(bench.stored(port("a")) == "kept");
  bench.database.back();
  REQUIRE(lab::wait_until(patience, [&] { return bench.database.value(port("a")) == "kept"; }));
}

TEST_CASE("two mirrors never share a file") {
  MirrorBench bench;
  mirror::LocalMirror second(bench.settings, bench.log, bench.host, bench.database);
  CHECK(says(result_of(second.put(port("a"), "v")), "another mirror uses it"));
  CHECK(bench.put(port("a"), "v").outcome == MirrorOutcome::stored);
}
