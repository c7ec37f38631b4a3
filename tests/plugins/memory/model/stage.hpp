#pragma once
/// A model on virtual time, and the questions that tests have about it.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "model/cluster.hpp"
#include "plugins/memory/model/virtual_clock.hpp"
#include "support/catch.hpp"

namespace dbha::test {

using memory::Cluster;
using memory::ClusterSettings;
using memory::FailoverMode;
using memory::NodeState;
using memory::TrueChange;
using namespace std::chrono_literals;

inline ClusterSettings small(std::uint32_t replicas = 1, std::uint64_t seed = 1) {
  ClusterSettings settings;
  settings.partitions = 300;
  settings.replicas = replicas;
  settings.seed = seed;
  return settings;
}

/// Three shards of 100 partitions: primaries 0, 1, 2, replicas 3, 4, 5 (and 6, 7, 8).
struct Stage {
  explicit Stage(ClusterSettings settings = small()) : cluster(clock, settings) {}

  VirtualLoop loop;
  VirtualClock clock{loop};
  Cluster cluster;

  TimePoint now() const { return loop.now(); }
  void pass(Duration duration) { loop.advance(duration); }
  /// How long it took; nothing if it did not happen.
  template <class Condition>
  std::optional<Duration> until(Condition condition, Duration patience = 20s) {
    const TimePoint began = now();
    while (!condition()) {
      if (now() - began >= patience) return std::nullopt;
      pass(100us);
    }
    return now() - began;
  }
  template <class Condition>
  bool eventually(Condition condition, Duration patience = 20s) {
    return until(condition, patience).has_value();
  }

  /// A key of the first shard, and others of it by number.
  std::string key(int number = 0) const {
    for (int i = 0;; ++i) {
      auto name = "key" + std::to_string(i);
      if (cluster.partition_of(name).value < 100 && number-- == 0) return name;
    }
  }

  void send(std::size_t node, std::vector<std::string> args, std::optional<Value>& answer, bool& came) {
    cluster.call(cluster.endpoint(node), std::move(args), [&](std::optional<Value> value) {
      answer = std::move(value);
      came = true;
    });
  }
  /// What the node answers; "gone" if the connection is lost, "silent" if nothing comes within 100 ms.
  std::string call(std::size_t node, std::vector<std::string> args) {
    struct Slot {
      std::optional<Value> value;
      bool came = false;
    };
    auto slot = std::make_shared<Slot>();
    cluster.call(cluster.endpoint(node), std::move(args), [slot](std::optional<Value> value) {
      slot->value = std::move(value);
      slot->came = true;
    });
    if (!eventually([&] { return slot->came; }, 100ms)) return "silent";
    if (!slot->value) return "gone";
    if (slot->value->kind == Value::Kind::nil) return "nil";
    return slot->value->kind == Value::Kind::integer ? std::to_string(slot->value->integer) : slot->value->text;
  }
  /// nullopt: down, or silent for 100 ms.
  std::optional<View> view(std::size_t node) {
    auto slot = std::make_shared<std::optional<std::optional<View>>>();
    cluster.ask(cluster.endpoint(node), [slot](std::optional<View> view) { *slot = std::move(view); });
    eventually([&] { return slot->has_value(); }, 100ms);
    return slot->value_or(std::nullopt);
  }
  /// What the node says of another.
  NodeReport report(std::size_t asked, std::size_t about) {
    const auto said = view(asked);
    REQUIRE(said);
    for (const auto& report : said->nodes)
      if (report.id == cluster.id(about)) return report;
    FAIL("node " << asked << " does not know node " << about);
    return {};
  }
};

inline PartitionRange range(std::uint32_t first, std::uint32_t last) {
  return {{first}, {last}};
}

}  // namespace dbha::test
