#pragma once
/// A cache beside the mirror that pushes, with the same database and the same pub/sub. It is the plugin as a process
/// has it.

#include <dbha/plugin.hpp>

#include "resync_scene.hpp"
#include "support/given_options.hpp"
#include "support/virtual_loop.hpp"

extern "C" const dbha::PluginInfo dbha_plugin;

namespace dbha::test {

inline GivenOptions cache_options() {
  GivenOptions out;
  out.texts = {{"direction", "pull"}, {"durability", "process"}};
  out.flags = {{"resync", true}};
  out.lists = {{"tables", {"ports"}}};
  out.integers = {{"rate", 0}};
  out.sizes = {{"store_limit", 0}};
  out.durations = {{"compare_every", Duration{}}, {"remove_after", std::chrono::milliseconds(50)}};
  return out;
}

struct CacheBench : Scene {
  CacheBench() { host.store = &database; }
  ~CacheBench() { stop_cache(); }

  void start_cache() {
    handler.reset(dbha_plugin.create_consistency(
        ConsistencyContext{PluginContext{loop, log, options, "sb", folder.path()}, host, "cache"}));
    cache = handler->mirror();
    changes = cache->on_change([this](const MirrorChange& change) {
      const char* kinds[] = {"created ", "updated ", "removed "};
      const std::lock_guard lock(mutex);
      told.push_back(kinds[static_cast<int>(change.kind)] + change.entry.name.key + ' ' + change.entry.value);
    });
  }
  void stop_cache() {
    changes.reset();
    handler.reset();
  }
  /// Started, and all compared once.
  void start_and_fill() {
    start_cache();
    until_compared(1);
  }
  /// So many comparisons since the beginning have ended.
  void until_compared(std::size_t times) {
    REQUIRE(lab::wait_until(patience, [&] { return compared() >= times; }));
  }
  std::size_t compared() const {
    const auto lines = log.lines();
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const auto& line) {
      return line.starts_with("mirror_resynchronised event=upkeep");
    }));
  }
  void until_waiting_for_its_moment() {
    REQUIRE(lab::wait_until(patience, [&] {
      const auto lines = log.lines();
      return std::any_of(lines.begin(), lines.end(),
                         [](const auto& line) { return line.starts_with("mirror_comparison_waits"); });
    }));
  }
  std::string cached(const EntryName& name) const {
    const auto found = cache->get(name);
    REQUIRE(found.ok);
    return !found.entry ? "nothing" : found.entry->removed ? "removed" : found.entry->value;
  }
  void until_cached(const EntryName& name, const std::string& value) const {
    REQUIRE(lab::wait_until(patience, [&] { return cached(name) == value; }));
  }
  std::vector<std::string> told_so_far() {
    const std::lock_guard lock(mutex);
    return told;
  }
  std::future<bool> handle_aside(const DbRestart& event) {
    handler->on_accepted(event);
    return std::async(std::launch::async, [this, event] { return handler->handle(event); });
  }
  bool handle(const DbRestart& event) {
    auto run = handle_aside(event);
    return done(run);
  }
  void interrupted(const std::string& channel) const {
    SubscriptionInterrupted gap;
    gap.channels = {channel};
    handler->on_accepted(gap);
    CHECK(handler->handle(gap));
  }

  VirtualLoop loop;
  GivenOptions options = cache_options();
  std::mutex mutex;
  std::vector<std::string> told;
  std::unique_ptr<ConsistencyHandler> handler;
  Mirror* cache = nullptr;
  Subscription changes;
};

}  // namespace dbha::test
