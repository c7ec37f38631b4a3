#pragma once
/// Programs with a store on one cluster of the model, and the test as their detector.

#include <deque>

#include "memory/entry_key.hpp"
#include "plugins/memory/database/bench.hpp"
#include "support/store_rules.hpp"

namespace dbha::test {

/// One program with a database of its own.
class Program final : public StoreUser {
 public:
  explicit Program(Bench& cluster) : StoreUser(cluster.loop), cluster_(cluster) {
    DatabaseSettings settings = cluster.settings;
    settings.queue_calls = 100'000;
    database_ = memory::make_database(cluster.server, cluster.loop, log_, hearing_, settings);
    apply();
  }
  ~Program() override { database_->close(); }

  Database& database() { return *database_; }
  VersionedStore& store() override { return *database_->versioned_store(); }
  /// Has it follow what is true now.
  void apply(const PartitionSet& marked = {}) { database_->apply(cluster_.topology(), marked, nullptr); }

 private:
  Bench& cluster_;
  TestLog log_;
  Hearing hearing_;
  std::unique_ptr<Database> database_;
};

struct Several {
  Bench cluster{Bench::Bare{}};
  std::deque<Program> programs;

  Several() {
    for (int i = 0; i < 8; ++i) programs.emplace_back(cluster);
  }
  StoreUsers users() {
    StoreUsers out;
    for (Program& program : programs) out.push_back(&program);
    return out;
  }
};

struct Alone {
  Bench cluster{Bench::Bare{}};
  std::optional<Program> only;
  Program& program;

  explicit Alone(const memory::ClusterSettings& settings = quick())
      : program(((cluster.server = std::make_shared<memory::Server>(settings)), only.emplace(cluster))) {}

  /// Of an entry that lies in the first 100 partitions.
  EntryName name_of_first_shard() {
    for (int i = 0;; ++i) {
      EntryName name{"t", "o" + std::to_string(i), "k"};
      if (memory::partition_of_entry(name, 300).value < 100) return name;
    }
  }
  void kill_and_promote(std::size_t primary, std::size_t replica) {
    cluster.kill(primary);
    REQUIRE(cluster.until([&] { return cluster.promoted(replica); }));
    program.apply(set_of({range(0, 99)}));
  }
};

}  // namespace dbha::test
