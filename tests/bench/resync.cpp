// A mirror's entries in one of three shards are compared with the database, and written again after the shard has lost
// all of them, by a resync of that shard's partitions; against one thread with a hiredis pipeline to the same primary
// that reads the same versions (HMGET v x), and writes the same entries (HSET v d) after it has. The peer has its keys
// and values at hand, and no guard: what it writes may undo what is newer. Both on the same cluster, in turns.
//
//   bench_resync [ENTRIES]     of all three shards, default 1000000
//
// Also told: what the other two primaries were asked meanwhile, which must be nothing of it; what memory a resync takes
// at a tenth of the entries and at all of them; and in the end, on a cluster with replicas, the same after the shard's
// primary was killed.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <sstream>

#include <dbha_bus/admin.hpp>
#include <hiredis/hiredis.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "bench_site.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"

namespace {

using namespace dbha;
using namespace std::chrono_literals;
using bench::Clock;

constexpr int keys_a_topic = 50;
constexpr int last_slot_of_first_shard = 5460;
constexpr std::size_t pipeline = 512;
constexpr int rounds = 5;
const std::string value(64, 'v');

EntryName name_of(int entry) {
  return {"ports", "switch-" + std::to_string(entry / keys_a_topic), "port-" + std::to_string(entry % keys_a_topic)};
}

std::string key_of(const EntryName& name) {
  return '{' + name.table + '.' + name.topic + '}' + name.key;
}

double seconds_since(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

/// A line of /proc/self/status, in MB.
double memory(const std::string& what) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(what + ':')) return std::atof(line.c_str() + what.size() + 1) / 1024;
  return 0;
}

/// The highest memory from now on is VmHWM.
void forget_highest_memory() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

/// How many entries were read or written at the node: what scripts call counts as well.
long long entry_commands(lab::RedisCluster& cluster, std::size_t node) {
  std::istringstream stats(cluster.client(node).demand({"INFO", "commandstats"}).text);
  long long out = 0;
  for (std::string line; std::getline(stats, line);)
    for (const char* command : {"cmdstat_hmget:calls=", "cmdstat_hset:calls=", "cmdstat_evalsha:calls="})
      if (line.starts_with(command)) out += std::atoll(line.c_str() + std::string(command).size());
  return out;
}

/// Seconds of the processors: of this process, and of the primary's.
struct Cpu {
  double client = 0;
  double primary = 0;
  Cpu operator-(const Cpu& before) const { return {client - before.client, primary - before.primary}; }
};

Cpu cpu_used(lab::RedisCluster& cluster) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  Cpu out{seconds(usage.ru_utime) + seconds(usage.ru_stime), 0};
  std::istringstream info(cluster.client(0).demand({"INFO", "cpu"}).text);
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("used_cpu_user:") || line.starts_with("used_cpu_sys:"))
      out.primary += std::atof(line.c_str() + line.find(':') + 1);
  return out;
}

class Ours {
 public:
  explicit Ours(bench::Site& site) : site_(site), mirror_(*site.controller().mirror("mirror")) {}

  void fill(int first, int last) {
    std::atomic<int> left = last - first;
    std::atomic<int> refused = 0;
    for (int i = first; i < last; ++i) {
      if (i % 1000 == 0)
        lab::wait_until(60s, [&] { return left < last - i + 5'000; });  // what waits for the disk is in memory
      mirror_.put(name_of(i), value, {}, [&](const MirrorResult& result) {
        if (result.outcome != MirrorOutcome::stored) ++refused;
        --left;
      });
    }
    const bool drained = lab::wait_until(300s, [&] { return left == 0 && mirror_.state().waiting == 0; });
    if (!drained || refused > 0) throw std::runtime_error("the mirror was not filled");
  }

  /// How long a resync of the first shard takes, in seconds.
  double resync() {
    const auto since = Clock::now();
    ask_for_resync();
    wait_until_idle();
    return seconds_since(since);
  }

  /// The same from the dbrestart of a failover on, which `cause` brings about.
  template <class Cause>
  double resync_after_failover(Cause cause) {
    std::promise<Clock::time_point> told;
    std::atomic<bool> first = true;
    const auto subscription = site_.controller().on("dbrestart", [&](const Event& event) {
      if (std::get<DbRestart>(event).cause == dbha::Cause::failover && first.exchange(false))
        told.set_value(Clock::now());
      return true;
    });
    cause();
    auto since = told.get_future();
    if (since.wait_for(60s) != std::future_status::ready) throw std::runtime_error("no dbrestart");
    wait_until_idle();
    return seconds_since(since.get());
  }

 private:
  void ask_for_resync() {
    const auto answer = bus::admin_request(
        site_.admin(), nlohmann::json{{"request", "resync"}, {"partitions", {{0, last_slot_of_first_shard}}}}.dump(),
        5s);
    if (!answer || !nlohmann::json::parse(*answer).contains("events")) throw std::runtime_error("no resync");
  }

  void wait_until_idle() {
    const auto idle = [&] {
      const auto status = site_.controller().status();
      for (const auto& handler : status.at("controller").at("handlers"))
        if (handler.at("pending") != 0) return false;
      return true;
    };
    if (!lab::wait_until(300s, idle, 5ms)) throw std::runtime_error("a resync has not ended");
  }

  bench::Site& site_;
  Mirror& mirror_;
};

class Bare {
 public:
  Bare(lab::RedisCluster& cluster, int entries) : context_(redisConnect("127.0.0.1", cluster.node(0).port)) {
    for (int i = 0; i < entries; ++i) {
      auto key = key_of(name_of(i));
      if (lab::slot_of(key) <= last_slot_of_first_shard) keys_.push_back(std::move(key));
    }
  }
  ~Bare() { redisFree(context_); }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  std::size_t entries() const { return keys_.size(); }

  double read() {
    const auto since = Clock::now();
    for_each([this](const std::string& key) { append({"HMGET", key, "v", "x"}); }, REDIS_REPLY_ARRAY);
    return seconds_since(since);
  }
  double read_and_write() {
    const auto since = Clock::now();
    read();
    for_each(
        [this](const std::string& key) {
          append({"HSET", key, "v", "7354088530316470095", "d", value});
        },
        REDIS_REPLY_INTEGER);
    return seconds_since(since);
  }

 private:
  template <class Append>
  void for_each(Append append_one, int expected) {
    for (std::size_t sent = 0; sent < keys_.size();) {
      const std::size_t first = sent;
      while (sent < std::min(first + pipeline, keys_.size())) append_one(keys_[sent++]);
      for (std::size_t i = first; i < sent; ++i) {
        void* reply = nullptr;
        if (redisGetReply(context_, &reply) != REDIS_OK) throw std::runtime_error(context_->errstr);
        const bool good = static_cast<redisReply*>(reply)->type == expected;
        freeReplyObject(reply);
        if (!good) throw std::runtime_error("the peer was refused");
      }
    }
  }
  void append(std::initializer_list<std::string_view> words) {
    std::array<const char*, 6> texts{};
    std::array<std::size_t, 6> lengths{};
    std::size_t count = 0;
    for (const auto word : words) {
      texts.at(count) = word.data();
      lengths.at(count++) = word.size();
    }
    redisAppendCommandArgv(context_, static_cast<int>(count), texts.data(), lengths.data());
  }

  redisContext* context_;
  std::vector<std::string> keys_;
};

void tell_memory(Ours& ours, int entries) {
  const double before = memory("VmRSS");
  forget_highest_memory();
  ours.resync();
  std::printf("memory: %d entries, %.0f MB before a resync, %.0f MB at most in it\n", entries, before, memory("VmHWM"));
}

void lose_all(lab::RedisCluster& cluster) {
  cluster.client(0, {1s, 60s}).demand({"FLUSHALL"});
}

/// Ours and the peer's rates, round by round.
struct Contest {
  const char* name;
  std::vector<double> ours{}, bare{}, ratios{};

  /// What the processors did tells more than the time on a machine with others.
  void add(double entries, double our_time, const Cpu& our_cpu, double bare_time, const Cpu& bare_cpu) {
    ours.push_back(entries / our_time);
    bare.push_back(entries / bare_time);
    ratios.push_back(ours.back() / bare.back());
    const double us = 1e6 / entries;
    std::printf("%s %.0f/s (CPU an entry: %.2f us here, %.2f us there), bare %.0f/s (%.2f, %.2f), ratio %.2f\n", name,
                ours.back(), our_cpu.client * us, our_cpu.primary * us, bare.back(), bare_cpu.client * us,
                bare_cpu.primary * us, ratios.back());
    std::fflush(stdout);
  }
  void tell() const {
    std::printf("resync_%s ratio=%.2f (ours %.0f entries/s, reference %.0f; medians of %d)\n", name,
                bench::median(ratios), bench::median(ours), bench::median(bare), rounds);
  }
};

template <class Run>
std::pair<double, Cpu> timed(lab::RedisCluster& cluster, Run run) {
  const Cpu before = cpu_used(cluster);
  const double time = run();
  return {time, cpu_used(cluster) - before};
}

void measure(lab::RedisCluster& cluster, Ours& ours, Bare& bare) {
  const auto n = static_cast<double>(bare.entries());
  Contest compared{"compared"}, written{"written"};
  const long long asked = entry_commands(cluster, 1) + entry_commands(cluster, 2);
  for (int i = 0; i < rounds; ++i) {
    const auto [time, cpu] = timed(cluster, [&] { return ours.resync(); });
    const auto [bare_time, bare_cpu] = timed(cluster, [&] { return bare.read(); });
    compared.add(n, time, cpu, bare_time, bare_cpu);
    lose_all(cluster);
    const auto [bare_write_time, bare_write_cpu] = timed(cluster, [&] { return bare.read_and_write(); });
    lose_all(cluster);  // it writes versions of its own
    const auto [write_time, write_cpu] = timed(cluster, [&] { return ours.resync(); });
    written.add(n, write_time, write_cpu, bare_write_time, bare_write_cpu);
  }
  std::printf("%zu entries of the shard; meanwhile the other primaries were asked of %lld\n", bare.entries(),
              entry_commands(cluster, 1) + entry_commands(cluster, 2) - asked);
  compared.tell();
  written.tell();
}

constexpr const char* mirror = "[[consistency]]\nplugin = \"mirror\"\ntables = [\"ports\"]\ndurability = \"process\"\n";

void measure_failover(int entries) {
  lab::RedisCluster cluster;
  bench::Site site(cluster, {}, mirror);
  Ours ours(site);
  ours.fill(0, entries);
  const std::size_t heir = cluster.replicas_of(0).front();
  const auto others = [&] { return entry_commands(cluster, 1) + entry_commands(cluster, 2); };
  const long long asked_before = others();
  const long long replicated = entry_commands(cluster, heir);  // before it is asked of anything
  const double time = ours.resync_after_failover([&] { cluster.kill(0); });
  std::printf("failover: %lld entries of the shard read or written again in %.1f s, of the other two primaries %lld\n",
              entry_commands(cluster, heir) - replicated, time, others() - asked_before);
}

}  // namespace

int main(int argc, char** argv) {
  const int entries = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  measure_failover(entries);
  lab::RedisCluster cluster(lab::RedisCluster::Options{.primaries = 3, .replicas_per_primary = 0});
  bench::Site site(cluster, {}, mirror);
  Ours ours(site);
  ours.fill(0, entries / 10);
  tell_memory(ours, entries / 10);
  ours.fill(entries / 10, entries);
  tell_memory(ours, entries);
  Bare bare(cluster, entries);
  measure(cluster, ours, bare);
}
