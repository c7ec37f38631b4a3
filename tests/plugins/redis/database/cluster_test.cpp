// A real Redis Cluster of three primaries with a replica each, under load on one Database while it fails over. The
// test plays the detector: it reads the topology itself and applies it.
#include <atomic>
#include <future>
#include <thread>

#include "database_bench.hpp"
#include "lab/cluster_nodes.hpp"
#include "lab/redis_cluster.hpp"
#include "support/catch.hpp"
#include "support/lab_topology.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

PartitionSet slots_of(const Topology& topology, const std::string& owner) {
  PartitionSet set;
  for (const auto& entry : topology.claims) {
    if (entry.value.owner.value == owner) set.set(entry.range, {});
  }
  return set;
}

/// A Database on a loop thread of its own, with a number of calls always in flight.
class Load {
 public:
  using Make = std::function<Call(std::uint64_t)>;

  Load(std::size_t in_flight, Make make) : in_flight_(in_flight), make_(std::move(make)) {
    settings_.call_deadline = 10s;
    settings_.apply_timeout = 2s;
    settings_.probe_timeout = 300ms;
    settings_.max_redirects = 5;
    settings_.queue_calls = 10000;
    settings_.queue_bytes = 1 << 26;
    settings_.client_name = "load";
    database_ = redis::make_database(loop_, log_, hearing_, settings_, {});
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Load() {
    run([this] { database_->close(); });
    loop_.stop();
    thread_.join();
  }

  Applied apply(std::shared_ptr<const Topology> topology, PartitionSet marked = {}) {
    std::promise<Applied> done;
    run([&] { database_->apply(topology, marked, [&](Applied applied) { done.set_value(applied); }); });
    return done.get_future().get();
  }
  void start() {
    run([this] {
      for (std::size_t i = 0; i < in_flight_; ++i) next();
    });
  }
  /// Returns when the last call has ended.
  void stop() {
    stopping_ = true;
    REQUIRE(eventually([this] { return ended_ == started_; }, 15s));
  }
  /// Waits until so many more calls have ended with success.
  bool goes_on(std::uint64_t calls) {
    const std::uint64_t before = ok_;
    return eventually([&] { return ok_ >= before + calls; }, 15s);
  }
  template <class Condition>
  static bool eventually(Condition condition, Duration limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  std::string report() const {
    std::string text = "ok " + std::to_string(ok_) + ", unknown " + std::to_string(unknown_) + ", errors " +
                       std::to_string(errors_) + ", hints " + std::to_string(hearing_.hints.size());
    for (const auto& each : complaints_) text += "\n  " + each;
    return text;
  }

  std::atomic<std::uint64_t> started_ = 0, ended_ = 0, ok_ = 0, unknown_ = 0, errors_ = 0;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> by_key;  // ok, unknown; read it after stop()

 private:
  void run(std::function<void()> task) {
    std::promise<void> done;
    loop_.post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }
  void next() {
    Call call = make_(started_++);
    std::string key = call.key;
    database_->submit(std::move(call), [this, key](Result result) {
      auto& [ok, unknown] = by_key[key];
      if (result.ok()) {
        ++ok;
        ++ok_;
      } else if (result.outcome == Outcome::outcome_unknown) {
        ++unknown;
        ++unknown_;
      } else {
        ++errors_;
      }
      if (!result.ok() && complaints_.size() < 5) complaints_.push_back(result.detail + " " + result.value.text);
      ++ended_;
      if (!stopping_) next();
    });
  }

  std::size_t in_flight_;
  Make make_;
  EpollLoop loop_;
  TestLog log_;
  Hearing hearing_;
  DatabaseSettings settings_{};
  std::atomic<bool> stopping_ = false;
  std::vector<std::string> complaints_;
  std::unique_ptr<Database> database_;
  std::thread thread_;
};

Call set_call(std::uint64_t i) {
  std::string key = "k" + std::to_string(i % 1000);
  return {.key = key, .args = {"SET", key, std::to_string(i)}, .repeatable = true, .deadline = {}};
}
Call incr_call(std::uint64_t i) {
  std::string key = "n" + std::to_string(i % 100);
  return {.key = key, .args = {"INCR", key}, .repeatable = false, .deadline = {}};
}

std::uint64_t value_of(lab::RedisCluster& cluster, const std::string& key) {
  auto client = cluster.client(cluster.primary_of(static_cast<int>(redis::slot_of(key).value)));
  const auto reply = client.demand({"GET", key});
  return reply.text.empty() ? 0 : std::stoull(reply.text);
}

/// Kills the primary of slot 0 and plays the detector: applies what its replica says once it has taken over.
void kill_and_apply(lab::RedisCluster& cluster, Load& load) {
  const std::size_t killed = cluster.primary_of(0);
  const std::size_t replica = cluster.replicas_of(killed).at(0);
  const auto before = read_topology(cluster, replica);
  cluster.kill(killed);
  REQUIRE(Load::eventually([&] { return cluster.role(replica) == "master"; }, 20s));
  const auto after = read_topology(cluster, replica);
  CHECK(load.apply(after, slots_of(*before, cluster.node(killed).id)).complete);
}

}  // namespace

TEST_CASE("a primary is killed under load: no call that may be repeated fails") {
  lab::RedisCluster cluster;
  Load load(64, set_call);
  REQUIRE(load.apply(read_topology(cluster, 0)).complete);
  load.start();
  REQUIRE(load.goes_on(5000));
  kill_and_apply(cluster, load);
  REQUIRE(load.goes_on(5000));
  load.stop();
  INFO(load.report());
  CHECK(load.errors_ == 0);
  CHECK(load.unknown_ == 0);
}

TEST_CASE("a primary is killed under load: no INCR is carried out twice, and only those written to it are unknown") {
  lab::RedisCluster cluster;
  Load load(64, incr_call);
  REQUIRE(load.apply(read_topology(cluster, 0)).complete);
  load.start();
  REQUIRE(load.goes_on(5000));
  kill_and_apply(cluster, load);
  REQUIRE(load.goes_on(5000));
  load.stop();
  INFO(load.report());
  CHECK(load.errors_ == 0);
  CHECK(load.unknown_ <= 64);
  for (const auto& [key, counts] : load.by_key) CHECK(value_of(cluster, key) <= counts.first + counts.second);
}

TEST_CASE("a graceful failover under unsafe calls: each ends with its reply, and each counts once") {
  lab::RedisCluster cluster;
  Load load(64, incr_call);
  REQUIRE(load.apply(read_topology(cluster, 0)).complete);
  load.start();
  REQUIRE(load.goes_on(5000));
  const std::size_t old_primary = cluster.primary_of(0);
  const std::size_t replica = cluster.replicas_of(old_primary).at(0);
  const auto before = read_topology(cluster, 0);
  cluster.failover(replica);
  CHECK(load.apply(read_topology(cluster, replica), slots_of(*before, cluster.node(old_primary).id)).complete);
  REQUIRE(load.goes_on(5000));
  load.stop();
  INFO(load.report());
  CHECK(load.errors_ == 0);
  CHECK(load.unknown_ == 0);
  for (const auto& [key, counts] : load.by_key) CHECK(value_of(cluster, key) == counts.first);
}

TEST_CASE("without any message of a detector, MOVED alone carries calls over a graceful failover") {
  lab::RedisCluster cluster;
  Load load(64, incr_call);
  REQUIRE(load.apply(read_topology(cluster, 0)).complete);
  load.start();
  REQUIRE(load.goes_on(5000));
  cluster.failover(cluster.replicas_of(cluster.primary_of(0)).at(0));
  REQUIRE(load.goes_on(20000));
  load.stop();
  INFO(load.report());
  CHECK(load.errors_ + load.unknown_ == 0);
  for (const auto& [key, counts] : load.by_key) CHECK(value_of(cluster, key) == counts.first);
}

TEST_CASE("slots migrate under load: ASK and MOVED lose no call and repeat none") {
  lab::RedisCluster cluster;
  Load load(32, incr_call);
  REQUIRE(load.apply(read_topology(cluster, 0)).complete);
  load.start();
  REQUIRE(load.goes_on(2000));
  const std::size_t from = cluster.primary_of(0);
  const std::size_t to = cluster.primary_of(16383);
  cluster.migrate_slots(0, 200, from, to);
  REQUIRE(load.goes_on(2000));
  load.stop();
  INFO(load.report());
  CHECK(load.errors_ + load.unknown_ == 0);
  for (const auto& [key, counts] : load.by_key) CHECK(value_of(cluster, key) == counts.first);
}

TEST_CASE("a stopped primary: no call outlives its deadline, and the other shards go on") {
  lab::RedisCluster cluster;
  Load load(300, [](std::uint64_t i) {
    Call call = set_call(i);
    call.deadline = 500ms;
    return call;
  });
  REQUIRE(load.apply(read_topology(cluster, 0)).complete);
  load.start();
  REQUIRE(load.goes_on(5000));
  const std::size_t stopped = cluster.primary_of(0);
  const std::size_t replica = cluster.replicas_of(stopped).at(0);
  const auto before = read_topology(cluster, replica);
  cluster.stop(stopped);
  const auto since = std::chrono::steady_clock::now();
  REQUIRE(Load::eventually([&] { return load.unknown_ > 0; }, 5s));
  CHECK(std::chrono::steady_clock::now() - since < 1s);
  REQUIRE(Load::eventually([&] { return cluster.role(replica) == "master"; }, 20s));
  load.apply(read_topology(cluster, replica), slots_of(*before, cluster.node(stopped).id));
  CHECK(load.goes_on(5000));
  cluster.resume(stopped);
  CHECK(load.goes_on(5000));
  load.stop();
}

TEST_CASE("an ACL user without CLUSTER, INFO and ROLE is enough, and is never refused anything") {
  lab::RedisCluster::Options options;
  options.conf_lines = {"user app on >secret ~* &* +@all -cluster -info -role -hello -command -config"};
  lab::RedisCluster cluster(options);
  EpollLoop loop;
  TestLog log;
  Hearing hearing;
  const DatabaseSettings settings{.call_deadline = 5s,
                                  .apply_timeout = 2s,
                                  .probe_timeout = 300ms,
                                  .max_redirects = 5,
                                  .queue_calls = 1000,
                                  .queue_bytes = 1 << 20,
                                  .client_name = "acl"};
  redis::CredentialsFile login({"app", "secret"});
  auto database = redis::make_database(loop, log, hearing, settings, {.credentials = &login});
  std::optional<Applied> applied;
  database->apply(read_topology(cluster, 0), {}, [&](Applied what) { applied = what; });
  REQUIRE(run_until(loop, [&] { return applied.has_value(); }));
  CHECK(applied->complete);
  std::string heard;
  database->subscribe("news", [&](const std::string&, const std::string& message) { heard = message; });
  int ok = 0;
  for (int i = 0; i < 100; ++i) {
    database->submit({.key = "k" + std::to_string(i),
                      .args = {"SET", "k" + std::to_string(i), "v"},
                      .repeatable = false,
                      .deadline = {}},
                     [&](const Result& result) { ok += result.ok() ? 1 : 0; });
  }
  REQUIRE(run_until(loop, [&] { return ok == 100; }));
  REQUIRE(run_until(loop, [&] {
    cluster.client(4).demand({"PUBLISH", "news", "hello"});  // any node delivers to all
    return heard == "hello";
  }));
  database->close();
  CHECK(cluster.acl_log_count("app") == 0);
}
