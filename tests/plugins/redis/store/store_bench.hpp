#pragma once
/// A store on a real cluster, and the test as its detector and its loop.

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <dbha/versioned_store.hpp>

#include "lab/redis_cluster.hpp"
#include "loop/epoll_loop.hpp"
#include "redis/credentials.hpp"
#include "redis/database.hpp"
#include "redis/slot.hpp"
#include "redis/store_layout.hpp"
#include "support/catch.hpp"
#include "support/lab_topology.hpp"
#include "support/test_log.hpp"

namespace dbha::test {

struct Deaf final : DatabaseListener {
  void on_hint(Hint) override {}
  void on_subscription_interrupted(SubscriptionGap) override {}
};

inline lab::RedisCluster::Options primaries_only(std::vector<std::string> conf_lines = {}) {
  lab::RedisCluster::Options options;
  options.replicas_per_primary = 0;
  options.conf_lines = std::move(conf_lines);
  return options;
}

/// One program with a database of its own; several may share a loop.
class StoreBench {
 public:
  struct Options {
    Duration call_deadline = std::chrono::seconds(10);
    Duration tombstone_ttl = std::chrono::hours(1);
    redis::Credentials credentials{};
  };

  StoreBench(EpollLoop& loop, lab::RedisCluster& cluster) : StoreBench(loop, cluster, Options{}) {}
  StoreBench(EpollLoop& loop, lab::RedisCluster& cluster, Options options)
      : loop_(loop), cluster_(cluster), login_(options.credentials) {
    const DatabaseSettings settings{.call_deadline = options.call_deadline,
                                    .apply_timeout = std::chrono::seconds(2),
                                    .probe_timeout = std::chrono::milliseconds(300),
                                    .max_redirects = 5,
                                    .queue_calls = 100'000,
                                    .queue_bytes = std::size_t{1} << 28,
                                    .client_name = "store"};
    database_ = redis::make_database(loop, log_, listener_, settings, {.credentials = &login_}, options.tombstone_ttl);
    apply(0);
  }
  ~StoreBench() { database_->close(); }

  Database& database() { return *database_; }
  VersionedStore& store() { return *database_->versioned_store(); }

  /// Applies what the node says.
  void apply(std::size_t said_by) {
    bool applied = false;
    database_->apply(read_topology(cluster_, said_by), {}, [&](const Applied&) { applied = true; });
    REQUIRE(until([&] { return applied; }));
  }

  template <class Condition>
  bool until(Condition condition, Duration limit = std::chrono::seconds(30)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      loop_.turn(std::chrono::milliseconds(5));
    }
    return true;
  }

  /// Starts an operation with a completion of its own and waits for it.
  template <class Start>
  StoreResult wait(Start start) {
    std::optional<StoreResult> result;
    start([&](StoreResult what) { result = std::move(what); });
    CHECK_FALSE(result.has_value());  // never before the call returns
    REQUIRE(until([&] { return result.has_value(); }));
    return *result;
  }
  StoreResult get(const EntryName& name) {
    return wait([&](auto done) { store().get(name, done); });
  }
  StoreResult put(const EntryName& name, const std::string& value, std::uint64_t version) {
    return wait([&](auto done) { store().put(name, value, version, done); });
  }
  StoreResult create(const EntryName& name, const std::string& value, std::uint64_t version) {
    return wait([&](auto done) { store().create(name, value, version, done); });
  }
  StoreResult remove(const EntryName& name, std::uint64_t version) {
    return wait([&](auto done) { store().remove(name, version, done); });
  }
  StoreResult next_number(const std::string& table, std::uint64_t floor = 0) {
    return wait([&](auto done) { store().next_number(table, floor, done); });
  }

  /// Puts them all, pipelined. Version 1, and the name's key as value.
  void fill(const std::vector<EntryName>& names) {
    std::size_t applied = 0, ended = 0;
    for (const EntryName& name : names) {
      store().put(name, name.key, 1, [&](const StoreResult& result) {
        applied += result.applied ? 1 : 0;
        ++ended;
      });
    }
    REQUIRE(until([&] { return ended == names.size(); }));
    REQUIRE(applied == names.size());
  }

  /// A command to the owner of the key's slot, past the store.
  lab::Reply raw(const std::string& key, std::vector<std::string> args) {
    return cluster_.client(cluster_.primary_of(static_cast<int>(redis::slot_of(key).value))).command(std::move(args));
  }

 private:
  EpollLoop& loop_;
  lab::RedisCluster& cluster_;
  TestLog log_;
  Deaf listener_;
  redis::CredentialsFile login_;
  std::unique_ptr<Database> database_;
};

/// What a scan has found.
struct Found {
  std::vector<Entry> entries;
  std::size_t pages = 0;
  std::optional<StoreResult> result;

  void start(VersionedStore& store, ScanRange range) {
    store.scan(
        std::move(range),
        [this](std::vector<Entry> page) {
          ++pages;
          entries.insert(entries.end(), page.begin(), page.end());
        },
        [this](StoreResult what) { result = std::move(what); });
  }
  std::set<EntryName> names() const {
    std::set<EntryName> out;
    for (const Entry& entry : entries) out.insert(entry.name);
    return out;
  }
};

inline Found scan(StoreBench& bench, ScanRange range = {}) {
  Found found;
  found.start(bench.store(), std::move(range));
  REQUIRE(bench.until([&] { return found.result.has_value(); }));
  return found;
}

inline std::set<EntryName> set_of(const std::vector<EntryName>& names) {
  return {names.begin(), names.end()};
}

/// So many of the wanted ones were not found.
inline std::size_t missing(const std::vector<EntryName>& wanted, const Found& found) {
  const auto names = found.names();
  return static_cast<std::size_t>(
      std::count_if(wanted.begin(), wanted.end(), [&](const EntryName& name) { return !names.contains(name); }));
}

}  // namespace dbha::test
