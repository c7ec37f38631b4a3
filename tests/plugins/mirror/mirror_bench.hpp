#pragma once
/// A mirror with a store of its own and a database that fails on command.

#include <memory>
#include <string>

#include "fake_database.hpp"
#include "lab/wait.hpp"
#include "mirror/local_mirror.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/test_log.hpp"

namespace dbha::test {

inline constexpr std::chrono::seconds patience{20};

inline EntryName port(const std::string& key, const std::string& topic = "switch-7") {
  return {"ports", topic, key};
}

/// What came of it, within the patience.
inline MirrorResult result_of(std::future<MirrorResult> future) {
  REQUIRE(future.wait_for(patience) == std::future_status::ready);
  return future.get();
}

inline mirror::Settings settings_in(const std::filesystem::path& folder) {
  return {.handler = "mirror", .process = "nb", .tables = {"ports", "links"}, .file = {folder / "m.db"}};
}

struct MirrorBench {
  MirrorBench() { open(); }
  explicit MirrorBench(mirror::Settings given) : settings(std::move(given)) { open(); }
  explicit MirrorBench(std::uint64_t limit) {
    settings.file.limit = limit;
    open();
  }

  void open() { mirror = std::make_unique<mirror::LocalMirror>(settings, log, host, database); }
  void close() { mirror.reset(); }

  MirrorResult put(const EntryName& name, const std::string& value, MirrorWrite how = {}) {
    return result_of(mirror->put(name, value, how));
  }
  MirrorResult put_through(const EntryName& name, const std::string& value) {
    return put(name, value, {.wait = MirrorWait::database});
  }
  MirrorResult remove(const EntryName& name, MirrorWrite how = {}) { return result_of(mirror->remove(name, how)); }

  void until_drained() {
    REQUIRE(lab::wait_until(patience, [this] { return mirror->state().waiting == 0; }));
  }
  std::string stored(const EntryName& name) {
    const auto found = mirror->get(name);
    REQUIRE(found.ok);
    return !found.entry ? "nothing" : found.entry->removed ? "removed" : found.entry->value;
  }

  TempFolder folder;
  TestLog log;
  FakeHost host;
  FakeDatabase database;
  mirror::Settings settings = settings_in(folder.path());
  std::unique_ptr<mirror::LocalMirror> mirror;
};

}  // namespace dbha::test
