#pragma once
/// A store on a real cluster, and the test as its detector and its loop.

#include <deque>
#include <memory>
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
#include "support/store_user.hpp"
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
class StoreBench final : public StoreUser {
 public:
  struct Options {
    Duration call_deadline = std::chrono::seconds(10);
    Duration tombstone_ttl = std::chrono::hours(1);
    redis::Credentials credentials{};
  };

  StoreBench(EpollLoop& loop, lab::RedisCluster& cluster) : StoreBench(loop, cluster, Options{}) {}
  StoreBench(EpollLoop& loop, lab::RedisCluster& cluster, Options options)
      : StoreUser(loop), cluster_(cluster), login_(options.credentials) {
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
  ~StoreBench() override { database_->close(); }

  Database& database() { return *database_; }
  VersionedStore& store() override { return *database_->versioned_store(); }

  /// Applies what the node says.
  void apply(std::size_t said_by) {
    bool applied = false;
    database_->apply(read_topology(cluster_, said_by), {}, [&](const Applied&) { applied = true; });
    REQUIRE(until([&] { return applied; }));
  }

  /// A command to the owner of the key's slot, past the store.
  lab::Reply raw(const std::string& key, std::vector<std::string> args) {
    return cluster_.client(cluster_.primary_of(static_cast<int>(redis::slot_of(key).value))).command(std::move(args));
  }

 private:
  lab::RedisCluster& cluster_;
  TestLog log_;
  Deaf listener_;
  redis::CredentialsFile login_;
  std::unique_ptr<Database> database_;
};

}  // namespace dbha::test
