// Two hundred mirrors resynchronise after one failover, all at once and with no window between them: does the new
// primary get more than their rates together allow, and what does another client of that primary feel of it? The
// mirrors have stores and threads of their own, and share the connections of one controller, so that a test machine
// bears them. The other client sends GET after GET, each after the answer to the one before; its reference is the same
// primary when all is quiet again.
//
//   bench_stampede [MIRRORS] [RATE]     default 200, and 50 entries a second each

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <sstream>
#include <thread>

#include "bench_site.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "mirror/local_mirror.hpp"
#include "mirror/resync.hpp"
#include "support/test_log.hpp"

namespace {

using namespace dbha;
using namespace std::chrono_literals;
using bench::Clock;

constexpr int entries_each = 300;
constexpr int last_slot_of_first_shard = 5460;
constexpr int rounds = 5;

/// What a mirror asks of its process.
class Host final : public ConsistencyHost {
 public:
  explicit Host(Controller& controller) : controller_(controller) {}
  VersionedStore* versioned_store() override { return controller_.versioned_store(); }
  std::shared_ptr<const Topology> topology() const override { return controller_.topology(); }
  Duration resync_window() const override { return {}; }
  void publish(std::string, std::string, Completion) override {}
  void subscribe(std::string, Database::MessageHandler) override {}
  void unsubscribe(std::string) override {}

 private:
  Controller& controller_;
};

class Process {
 public:
  Process(const std::filesystem::path& folder, int number, double rate, Host& host)
      : name_("m" + std::to_string(number)),
        mirror_({.handler = "mirror",
                 .process = name_,
                 .tables = {"ports"},
                 .file = {folder / (name_ + ".db"), 0, mirror::Durability::process}},
                log_, host, *host.versioned_store()),
        resync_(mirror_, *host.versioned_store(), {.rate = rate}, log_) {}

  /// Entries of the first shard, each in a topic of its own.
  void fill() {
    for (int i = 0, made = 0; made < entries_each; ++i) {
      const EntryName entry{"ports", name_ + '-' + std::to_string(i), "eth0"};
      if (lab::slot_of('{' + entry.table + '.' + entry.topic + '}') > last_slot_of_first_shard) continue;
      mirror_.put(entry, "up", {}, {});
      ++made;
    }
  }
  bool filled() const { return mirror_.state().confirmed >= entries_each && mirror_.state().waiting == 0; }
  void resynchronise(const DbRestart& event) {
    thread_ = std::thread([this, event] { resync_.run(event); });
  }
  void join() { thread_.join(); }

 private:
  std::string name_;
  test::TestLog log_;
  mirror::LocalMirror mirror_;
  mirror::Resync resync_;
  std::thread thread_;
};

/// Entries that were asked for or written at the node so far: what scripts call counts as well.
long long entry_commands(lab::RedisClient& node) {
  std::istringstream stats(node.demand({"INFO", "commandstats"}).text);
  long long out = 0;
  for (std::string line; std::getline(stats, line);)
    for (const char* command : {"cmdstat_hmget:calls=", "cmdstat_hset:calls="})
      if (line.starts_with(command)) out += std::atoll(line.c_str() + std::string(command).size());
  return out;
}

/// The round trips of one other client, in us, for as long as `going` says so.
template <class Going>
std::vector<double> round_trips(lab::RedisClient node, Going going) {
  const auto key = lab::key_in(0, last_slot_of_first_shard);
  std::vector<double> out;
  while (going()) {
    const auto since = Clock::now();
    node.demand({"GET", key});
    out.push_back(bench::us_since(since));
  }
  return out;
}

struct Load {
  double most = 0;  ///< entries a second, over any second
  double seconds = 0;
};

template <class Going>
Load watch_load(lab::RedisClient node, Going going) {
  constexpr std::size_t second = 10;  // looks
  Load load;
  const auto since = Clock::now();
  std::vector<std::pair<double, long long>> seen{{0, entry_commands(node)}};  // at this time, in us
  while (going()) {
    lab::wait_until(100ms, [] { return false; });
    seen.emplace_back(bench::us_since(since), entry_commands(node));
    if (seen.size() <= second) continue;
    const auto& [then, count] = seen[seen.size() - 1 - second];
    load.most = std::max(load.most, static_cast<double>(seen.back().second - count) / (seen.back().first - then) * 1e6);
  }
  load.seconds = bench::us_since(since) / 1e6;
  return load;
}

/// What the primary and another client of it felt of something.
struct Felt {
  Load load;
  std::vector<double> during;  ///< round trips, in us
  std::vector<double> quiet;
};

/// The one that owns the first shard now.
class Primary {
 public:
  explicit Primary(lab::RedisCluster& cluster) : cluster_(cluster), index_(cluster.primary_of(0)) {}

  template <class Run>
  Felt watch(Run run) const {
    std::atomic<bool> going = true;
    const auto goes_on = [&going] { return going.load(); };
    auto felt = std::async(std::launch::async, [&] { return round_trips(cluster_.client(index_), goes_on); });
    auto load = std::async(std::launch::async, [&] { return watch_load(cluster_.client(index_), goes_on); });
    run();
    going = false;
    Felt out{load.get(), felt.get(), {}};
    const auto end = Clock::now() + 5s;
    out.quiet = round_trips(cluster_.client(index_), [end] { return Clock::now() < end; });
    return out;
  }

 private:
  lab::RedisCluster& cluster_;
  std::size_t index_;
};

DbRestart lose_first_primary(lab::RedisCluster& cluster, Controller& controller) {
  std::promise<DbRestart> told;
  std::atomic<bool> first = true;
  const auto subscription = controller.on("dbrestart", [&](const Event& event) {
    const auto& restart = std::get<DbRestart>(event);
    if (restart.cause != Cause::start && first.exchange(false)) told.set_value(restart);
    return true;
  });
  cluster.kill(0);
  auto event = told.get_future();
  if (event.wait_for(30s) != std::future_status::ready) throw std::runtime_error("no dbrestart");
  return event.get();
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 200;
  const double rate = argc > 2 ? std::atof(argv[2]) : 50;
  const lab::TempDir folder("dbha-bench");
  lab::RedisCluster cluster;
  bench::Site site(cluster);
  Host host(site.controller());
  std::vector<std::unique_ptr<Process>> members;
  for (int i = 0; i < count; ++i) members.push_back(std::make_unique<Process>(folder.path(), i, rate, host));
  for (auto& member : members) member->fill();
  for (auto& member : members)
    if (!lab::wait_until(120s, [&] { return member->filled(); })) throw std::runtime_error("a mirror was not filled");

  auto event = lose_first_primary(cluster, site.controller());
  const Primary heir(cluster);
  const double allowed = rate * count;
  std::vector<double> loads, p99s;
  for (int i = 0; i < rounds; ++i) {
    const Felt felt = heir.watch([&] {
      for (auto& member : members) member->resynchronise(event);
      for (auto& member : members) member->join();
    });
    std::printf("%d mirrors of %d entries at %.0f entries a second each: %.1f s, %.0f entries in the busiest second\n",
                count, entries_each, rate, felt.load.seconds, felt.load.most);
    std::printf("another client: p99 %.0f us during, %.0f us after; medians %.0f and %.0f us\n",
                bench::quantile(felt.during, 0.99), bench::quantile(felt.quiet, 0.99), bench::median(felt.during),
                bench::median(felt.quiet));
    std::fflush(stdout);
    loads.push_back(felt.load.most / allowed);
    p99s.push_back(bench::quantile(felt.during, 0.99) / bench::quantile(felt.quiet, 0.99));
    event.id += '+';  // the next one
  }
  std::printf("stampede_load ratio=%.2f (ours: entries in the busiest second, reference: %.0f allowed; median of %d)\n",
              bench::median(loads), allowed, rounds);
  std::printf("stampede_p99 ratio=%.2f (ours: another client's round trips during, reference: after; median of %d)\n",
              bench::median(p99s), rounds);
}
