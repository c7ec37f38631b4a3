#pragma once
/// A Database on a cluster of three shards, with the topologies that a detector would publish.

#include <memory>
#include <string>
#include <vector>

#include "memory/database.hpp"
#include "plugins/memory/real_time.hpp"
#include "support/catch.hpp"
#include "support/sample_topology.hpp"
#include "support/test_log.hpp"

namespace dbha::test {

struct Hearing final : DatabaseListener {
  std::vector<Hint> hints;
  std::vector<SubscriptionGap> interruptions;

  void on_hint(Hint hint) override { hints.push_back(std::move(hint)); }
  void on_subscription_interrupted(SubscriptionGap what) override { interruptions.push_back(std::move(what)); }
  bool hinted(HintKind kind) const {
    return std::any_of(hints.begin(), hints.end(), [&](const Hint& hint) { return hint.kind == kind; });
  }
};

struct Bench : RealTime {
  TestLog log;
  Hearing hearing;
  DatabaseSettings settings{.call_deadline = 5s,
                            .apply_timeout = 300ms,
                            .probe_timeout = 100ms,
                            .max_redirects = 5,
                            .queue_calls = 1000,
                            .queue_bytes = std::size_t{1} << 24,
                            .client_name = "test"};
  std::unique_ptr<Database> database;
  std::uint64_t epoch = 0;
  std::vector<Applied> applied;
  std::vector<Result> results;

  /// Open, with the true topology applied.
  Bench() {
    open();
    apply();
    REQUIRE(until([&] { return applied.size() == 1; }));
    REQUIRE(applied[0].complete);
  }
  struct Bare {};
  explicit Bench(Bare) {}

  void open() { database = memory::make_database(server, loop, log, hearing, settings); }
  /// As it truly is, each time at a higher epoch.
  std::shared_ptr<const Topology> topology() {
    return in_cluster([at = ++epoch](memory::Cluster& c) {
      auto out = std::make_shared<Topology>();
      out->generation = 1;
      out->partitions = 300;
      for (std::size_t i = 0; i < c.size(); ++i) {
        Node node;
        node.id = c.id(i);
        node.endpoint = c.endpoint(i);
        node.role = c.role(i);
        if (const auto primary = c.primary_of(i)) node.primary = c.id(*primary);
        out->nodes.push_back(node);
      }
      std::sort(out->nodes.begin(), out->nodes.end(), [](const Node& a, const Node& b) { return a.id < b.id; });
      for (std::uint32_t p = 0; p < 300; ++p)
        if (const auto owner = c.owner({p})) out->claims.set(range(p, p), {{at}, 0, c.id(*owner)});
      return std::shared_ptr<const Topology>(out);
    });
  }
  void apply(const PartitionSet& marked = {}) {
    database->apply(topology(), marked, [this](Applied what) { applied.push_back(std::move(what)); });
  }
  void submit(std::vector<std::string> args, std::optional<Duration> deadline = {}, bool repeatable = false) {
    std::string key = args.size() > 1 && args[0] != "MEMORY" ? args[1] : "";
    database->submit({std::move(key), std::move(args), repeatable, deadline},
                     [this](Result result) { results.push_back(std::move(result)); });
  }
  bool until_results(std::size_t count) {
    return until([&] { return results.size() >= count; });
  }
  Result call(std::vector<std::string> args, std::optional<Duration> deadline = {}) {
    const std::size_t before = results.size();
    submit(std::move(args), deadline);
    REQUIRE(results.size() == before);  // never from inside submit()
    REQUIRE(until_results(before + 1));
    return results.back();
  }
  std::string key() { return key_of(0); }
  std::string key_of(std::uint32_t shard) {
    return in_cluster([shard](memory::Cluster& c) {
      for (int i = 0;; ++i) {
        auto name = "key" + std::to_string(i);
        if (c.partition_of(name).value / 100 == shard) return name;
      }
    });
  }
};

}  // namespace dbha::test
