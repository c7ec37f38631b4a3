// One application pushes what it knows into the database, another one holds a copy of it, and hears what changes.

#include <atomic>
#include <map>
#include <thread>

#include "backends.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

using Contents = std::map<EntryName, std::string>;

EntryName entry_name(int i) {
  return {"ports", "switch-" + std::to_string(i % 100), "port-" + std::to_string(i)};
}

ProcessFile with_mirror(const std::string& name, const std::string& lines) {
  ProcessFile file = southbound_file(name);
  file.controller_lines =
      "\n[[consistency]]\nplugin = \"mirror\"\ntables = [\"ports\"]\ndurability = \"process\"\n" + lines;
  return file;
}

struct App {
  App(const Fleet& fleet, const std::string& name, const std::string& lines)
      : controller(Controller::open(fleet.site().write(with_mirror(name, lines)))),
        mirror(controller->mirror("mirror")) {
    REQUIRE(controller->wait_ready(patience));
  }
  /// What its store holds, without what is removed.
  Contents contents() const {
    Contents out;
    const auto found = mirror->scan({}, [&](Entry entry) {
      out.emplace(std::move(entry.name), std::move(entry.value));
      return true;
    });
    CHECK(found.ok);
    return out;
  }

  std::unique_ptr<Controller> controller;
  Mirror* mirror;
};

App pusher_of(const Fleet& fleet) {
  return {fleet, "pusher", "owned = [\"ports\"]\n"};
}
/// It compares when it must, and never because it is time to.
App cache_of(const Fleet& fleet) {
  return {fleet, "cache", "direction = \"pull\"\ncompare_every = \"0s\"\n"};
}

/// Puts and removes entries, each after the one before was accepted, until it is told to end.
class Writer {
 public:
  explicit Writer(Mirror& mirror) : thread_([this, &mirror] { run(mirror); }) {}
  ~Writer() { end(); }
  void end() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int written() const { return written_; }

 private:
  void run(Mirror& mirror) {
    for (; !ending_; ++written_) {
      const int i = written_;
      if (i % 10 == 9) mirror.remove(entry_name(i % 2000 - 5)).wait();
      mirror.put(entry_name(i % 2000), "v" + std::to_string(i)).wait();
    }
  }

  std::atomic<bool> ending_ = false;
  std::atomic<int> written_ = 0;
  std::thread thread_;
};

/// The copy is the original, and what the database has confirmed.
void until_equal(const App& pusher, const App& cache) {
  const bool equal = lab::wait_until(
      patience, [&] { return pusher.mirror->state().waiting == 0 && cache.contents() == pusher.contents(); });
  std::size_t differ = 0;
  const auto original = pusher.contents(), copy = cache.contents();
  for (const auto& [name, value] : original) {
    const auto at = copy.find(name);
    differ += at == copy.end() || at->second != value ? 1U : 0U;
  }
  INFO(pusher.mirror->state().waiting << " wait; " << original.size() << " pushed, " << copy.size() << " in the copy, "
                                      << differ << " missing or different there");
  CHECK(equal);
}

}  // namespace

TEMPLATE_TEST_CASE("a cache has what is pushed, through a failover that loses writes", "", OnRedis, OnMemory) {
  auto cluster = TestType::cluster();  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 0, .embedded = 0});
  const App pusher = pusher_of(fleet);
  for (int i = 0; i < 1000; ++i) pusher.mirror->put(entry_name(i), "v" + std::to_string(i), {}, {});
  pusher.mirror->put(entry_name(1000), "v", {.wait = MirrorWait::database}).wait();

  const App cache = cache_of(fleet);
  std::atomic<int> updated = 0;
  const auto subscription = cache.mirror->on_change(
      [&](const MirrorChange& change) { updated += change.kind == MirrorChange::Kind::updated ? 1 : 0; });
  REQUIRE(lab::wait_until(patience, [&] { return cache.mirror->state().complete; }));
  until_equal(pusher, cache);
  pusher.mirror->put(entry_name(7), "changed").wait();
  REQUIRE(lab::wait_until(patience, [&] { return cache.mirror->get(entry_name(7)).entry->value == "changed"; }));

  Writer writer(*pusher.mirror);
  REQUIRE(lab::wait_until(patience, [&] { return writer.written() > 500; }));
  cluster.kill(0);
  fleet.wait_for_owner(0, 3);
  const int before = writer.written();
  REQUIRE(lab::wait_until(patience, [&] { return writer.written() > before + 500; }));
  writer.end();
  until_equal(pusher, cache);
  CHECK(updated > 0);
  CHECK(cache.mirror->state().waiting == 0);
}

TEMPLATE_TEST_CASE("a store that is lost is rebuilt from the database, which loses nothing by that", "", OnRedis,
                   OnMemory) {
  auto cluster = TestType::cluster({.replicas = 0});
  Fleet fleet(cluster, {.processes = 0, .embedded = 0});
  Contents pushed;
  {
    const App pusher = pusher_of(fleet);
    REQUIRE(lab::wait_until(patience, [&] { return pusher.mirror->state().complete; }));
    for (int i = 0; i < 500; ++i) pusher.mirror->put(entry_name(i), "v" + std::to_string(i), {}, {});
    REQUIRE(lab::wait_until(patience, [&] { return pusher.mirror->state().confirmed == 500; }));
    pushed = pusher.contents();
  }
  REQUIRE(pushed.size() == 500);
  for (const auto& file : std::filesystem::directory_iterator(fleet.site().state_dir_of("pusher")))
    if (file.path().filename().string().find("mirror.db") != std::string::npos) std::filesystem::remove(file);

  const App pusher(fleet, "pusher", "owned = [\"ports\"]\nremove_after = \"10ms\"\n");
  CHECK(pusher.contents().size() < 500);
  REQUIRE(lab::wait_until(patience, [&] { return pusher.mirror->state().complete; }));
  CHECK(pusher.contents() == pushed);
  const App cache = cache_of(fleet);
  REQUIRE(lab::wait_until(patience, [&] { return cache.mirror->state().complete; }));
  CHECK(cache.contents() == pushed);
}

TEST_CASE("a cache whose pub/sub is cut off again and again misses nothing in the end") {
  auto cluster = OnRedis::cluster({.replicas = 0});
  Fleet fleet(cluster, {.processes = 0, .embedded = 0});
  const App pusher = pusher_of(fleet), cache = cache_of(fleet);
  REQUIRE(lab::wait_until(patience, [&] { return cache.mirror->state().complete; }));
  Writer writer(*pusher.mirror);
  for (int cut = 1; cut <= 10; ++cut) {
    REQUIRE(lab::wait_until(patience, [&] { return writer.written() > cut * 300; }));
    for (const auto& node : cluster.nodes()) cluster.client(node.index).demand({"CLIENT", "KILL", "TYPE", "pubsub"});
  }
  writer.end();
  until_equal(pusher, cache);
}
