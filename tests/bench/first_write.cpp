// From the promotion of a replica (ROLE says master, asked each millisecond) to the first write that succeeds on it:
// through a controller, for a caller that made one call when the primary failed ("idle") and for 16 that never pause
// ("busy"); and through redis-py's cluster client in the same failovers, where it is installed. ROUNDS failovers of
// each kind (first argument, default 20), each caller in every one. The ratio is redis-py's median by that of the busy
// callers: how many times sooner ours writes again.

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <signal.h>

#include "bench_site.hpp"
#include "busy_callers.hpp"
#include "lab/process.hpp"
#include "lab/promotion_watch.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"

namespace {

using namespace dbha;
using namespace std::chrono_literals;
using bench::busy_callers;
using bench::BusyCallers;
using bench::Clock;
using bench::FirstWrite;

constexpr auto patience = 30s;

/// redis-py in a process of its own; its lines are read by a thread.
class RedisPy {
 public:
  static bool installed() { return std::system("/usr/bin/python3 -c 'import redis.cluster' 2>/dev/null") == 0; }

  RedisPy(std::uint16_t port, const std::vector<std::string>& keys) {
    std::string command = "exec /usr/bin/python3 " BENCH_SOURCES "/redis_py_writer.py " + std::to_string(port);
    for (const auto& key : keys) command += " '" + key + "'";
    pipe_ = popen((command + " 2>/dev/null & echo $!; wait").c_str(), "r");
    char line[64];
    if (!pipe_ || !fgets(line, sizeof line, pipe_)) throw std::runtime_error("python3 does not start");
    pid_ = static_cast<pid_t>(std::atoi(line));
    thread_ = std::thread([this] { read(); });
  }
  ~RedisPy() {
    kill(pid_, SIGKILL);
    thread_.join();
    pclose(pipe_);
  }
  RedisPy(const RedisPy&) = delete;
  RedisPy& operator=(const RedisPy&) = delete;

  std::optional<std::int64_t> first_after(std::int64_t ns) const {
    const std::lock_guard lock(mutex_);
    const auto at = std::lower_bound(successes_.begin(), successes_.end(), ns);
    return at != successes_.end() ? std::optional(*at) : std::nullopt;
  }
  bool writes() const {
    const std::lock_guard lock(mutex_);
    return !successes_.empty();
  }

 private:
  void read() {
    char line[64];
    while (fgets(line, sizeof line, pipe_)) {
      const std::lock_guard lock(mutex_);
      successes_.push_back(std::atoll(line));
    }
  }

  FILE* pipe_ = nullptr;
  pid_t pid_ = -1;
  mutable std::mutex mutex_;
  std::vector<std::int64_t> successes_;
  std::thread thread_;
};

struct Fault {
  const char* name;
  std::function<void(lab::RedisCluster&, std::size_t primary, std::size_t replica)> cause;
  std::function<void(lab::RedisCluster&, std::size_t primary)> heal;
};

const std::vector<Fault> faults{
    {"kill", [](auto& cluster, auto primary, auto) { cluster.kill(primary); },
     [](auto& cluster, auto primary) { cluster.start(primary); }},
    {"stop", [](auto& cluster, auto primary, auto) { cluster.stop(primary); },
     [](auto& cluster, auto primary) { cluster.resume(primary); }},
    {"graceful", [](auto& cluster, auto, auto replica) { cluster.failover(replica); }, [](auto&, auto) {}}};

struct Samples {
  std::vector<double> idle, busy, redis_py;
  std::size_t failed = 0;
  int stuck = 0;  // redis-py wrote nothing for as long as a round lasted
};

double ms(std::int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}
std::int64_t ns_of(Clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

void must(const char* what, const std::function<bool()>& condition) {
  if (!lab::wait_until(patience, condition)) throw std::runtime_error(std::string("waited in vain for ") + what);
}

/// Each shard in turn, because a node that was promoted is not promoted again for some seconds.
void one_failover(lab::RedisCluster& cluster, Controller& controller, const Fault& fault, int round, bool with_redis_py,
                  Samples& samples) {
  constexpr int starts[] = {0, 5461, 10923};
  const int slot = starts[round % 3];
  std::vector<std::string> keys;
  for (int i = 0; i < busy_callers; ++i) keys.push_back(lab::key_in(slot, slot + 5000, i));
  const std::size_t primary = cluster.primary_of(slot);
  const std::size_t replica = cluster.replicas_of(primary).at(0);
  const std::uint16_t port = cluster.node(replica).port;

  std::optional<RedisPy> redis_py;
  if (with_redis_py) {
    redis_py.emplace(cluster.node(cluster.primary_of(starts[(round + 1) % 3])).port, keys);
    must("redis-py to write", [&] { return redis_py->writes(); });
  }
  FirstWrite idle;
  idle.reset(port);
  BusyCallers busy(controller, keys);
  busy.first.reset(port);
  lab::PromotionWatch watch(cluster, {replica});
  fault.cause(cluster, primary, replica);  // a graceful one returns after the promotion, the others long before
  controller.submit({.args = {"SET", keys[0], "idle"}, .repeatable = true},
                    [&idle](const Result& result) { idle.take(result); });
  const auto promotion = watch.wait(patience);
  if (!promotion) throw std::runtime_error("no promotion");
  must("both callers to write", [&] { return idle.at() && busy.first.at(); });
  samples.idle.push_back(ms(ns_of(*idle.at()) - promotion->monotonic_ns()));
  samples.busy.push_back(ms(ns_of(*busy.first.at()) - promotion->monotonic_ns()));
  samples.failed += busy.failed;
  if (redis_py) {
    const auto wait = Clock::now() + 10s;
    while (!redis_py->first_after(promotion->monotonic_ns()) && Clock::now() < wait) std::this_thread::sleep_for(5ms);
    const auto at = redis_py->first_after(promotion->monotonic_ns());
    samples.stuck += at ? 0 : 1;
    samples.redis_py.push_back(at ? ms(*at - promotion->monotonic_ns()) : 10'000);
  }
  fault.heal(cluster, primary);
  cluster.wait_ready();
}

void print(const char* fault, const char* caller, const std::vector<double>& ms) {
  std::printf("%-9s %-9s median %7.1f ms  p90 %7.1f ms  max %7.1f ms  (%zu failovers)\n", fault, caller,
              bench::median(ms), bench::quantile(ms, 0.9), bench::quantile(ms, 1), ms.size());
}

}  // namespace

int main(int argc, char** argv) try {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
  const bool with_redis_py = RedisPy::installed();
  if (!with_redis_py) std::printf("python3-redis is not installed: no reference\n");
  lab::RedisCluster cluster(lab::RedisCluster::Options{.primaries = 3, .replicas_per_primary = 1});
  bench::Site site(cluster);
  for (const auto& fault : faults) {
    Samples samples;
    for (int round = 0; round < rounds; ++round)
      one_failover(cluster, site.controller(), fault, round, with_redis_py, samples);
    print(fault.name, "idle", samples.idle);
    print(fault.name, "busy", samples.busy);
    std::printf("%-9s busy: %zu failed calls\n", fault.name, samples.failed);
    if (!with_redis_py) continue;
    print(fault.name, "redis-py", samples.redis_py);
    std::printf(
        "first_write_%s ratio=%.1f (ours %.1f ms, reference %.1f ms; medians; redis-py wrote nothing for 10 s in %d of "
        "%d)\n",
        fault.name, bench::median(samples.redis_py) / std::max(0.1, bench::median(samples.busy)),
        bench::median(samples.busy), bench::median(samples.redis_py), samples.stuck, rounds);
  }
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
