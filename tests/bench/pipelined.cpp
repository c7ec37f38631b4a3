// How much of a bare hiredis loop's throughput a controller keeps: SETs and GETs of random keys on a real cluster of
// three primaries, as many calls in flight on both sides, interleaved in short rounds because the machine may be
// shared. More than 1 is better than the bare loop. redis-benchmark stands beside it, for those who know its figures.

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <random>

#include <hiredis/hiredis.h>

#include "bench_site.hpp"
#include "lab/cluster_nodes.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/slots.hpp"

namespace {

using namespace dbha;
using bench::Clock;

constexpr std::size_t calls_a_round = 60'000;
constexpr std::size_t in_flight = 192;
constexpr int rounds = 11;

using Command = std::vector<std::string>;

/// "SET key value" or "GET key", each with a random key.
std::vector<Command> random_commands(const Command& command) {
  std::mt19937 random(1);
  std::vector<Command> out(calls_a_round, command);
  for (auto& args : out) args[1] = "key:" + std::to_string(random() % 1'000'000);
  return out;
}

double calls_a_second(Clock::time_point since) {
  return static_cast<double>(calls_a_round) / std::chrono::duration<double>(Clock::now() - since).count();
}

/// Keeps `in_flight` calls under way: each completion submits the next one.
class Ours {
 public:
  Ours(Controller& controller, const std::vector<Command>& commands) : controller_(controller), commands_(commands) {}

  double round() {
    next_ = finished_ = 0;
    failed_ = 0;
    std::promise<void> done;
    done_ = &done;
    const auto since = Clock::now();
    // The first calls go out from the application's thread; the rest from completions, on the loop's.
    for (std::size_t i = 0; i < in_flight; ++i) submit(next_++);
    done.get_future().wait();
    const double rate = calls_a_second(since);
    if (failed_ > 0) std::fprintf(stderr, "%zu calls failed\n", failed_.load());
    return rate;
  }

 private:
  void submit(std::size_t index) {
    controller_.submit({.args = commands_[index], .repeatable = true}, [this](const Result& result) {
      if (!result.ok()) ++failed_;
      const std::size_t next = next_++;
      if (next < commands_.size()) submit(next);
      if (++finished_ == commands_.size()) done_->set_value();
    });
  }

  Controller& controller_;
  const std::vector<Command>& commands_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> finished_ = 0;
  std::atomic<std::size_t> failed_ = 0;
  std::promise<void>* done_ = nullptr;
};

/// The peer: one thread, one hiredis connection a primary, the same number of calls in flight, routed by a table of
/// slots.
class Bare {
 public:
  Bare(lab::RedisCluster& cluster, const std::vector<Command>& commands) {
    std::vector<std::size_t> owner(lab::kSlots);  // of a slot, as an index of contexts_
    for (const auto& node : lab::parse_cluster_nodes(cluster.client(0).demand({"CLUSTER", "NODES"}).text)) {
      for (const auto& [first, last] : node.slots)
        std::fill(owner.begin() + first, owner.begin() + last + 1, contexts_.size());
      contexts_.push_back(redisConnect("127.0.0.1", node.port));
    }
    for (const auto& args : commands)
      commands_.emplace_back(&args, owner[static_cast<std::size_t>(lab::slot_of(args[1]))]);
  }
  ~Bare() {
    for (auto* context : contexts_) redisFree(context);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  double round() {
    const auto since = Clock::now();
    for (std::size_t sent = 0; sent < commands_.size();) {
      const std::size_t until = std::min(sent + in_flight, commands_.size());
      std::vector<std::size_t> waiting(contexts_.size(), 0);
      for (; sent < until; ++sent) {
        const auto& [args, node] = commands_[sent];
        std::array<const char*, 3> words{};
        std::array<std::size_t, 3> lengths{};
        for (std::size_t i = 0; i < args->size(); ++i) {
          words[i] = (*args)[i].data();
          lengths[i] = (*args)[i].size();
        }
        redisAppendCommandArgv(contexts_[node], static_cast<int>(args->size()), words.data(), lengths.data());
        ++waiting[node];
      }
      for (std::size_t node = 0; node < contexts_.size(); ++node) flush(contexts_[node]);
      for (std::size_t node = 0; node < contexts_.size(); ++node)
        for (; waiting[node] > 0; --waiting[node]) take_reply(contexts_[node]);
    }
    return calls_a_second(since);
  }

 private:
  static void flush(redisContext* context) {
    for (int done = 0; done == 0;)
      if (redisBufferWrite(context, &done) != REDIS_OK) throw std::runtime_error(context->errstr);
  }
  static void take_reply(redisContext* context) {
    void* reply = nullptr;
    if (redisGetReply(context, &reply) != REDIS_OK) throw std::runtime_error(context->errstr);
    const bool refused = static_cast<redisReply*>(reply)->type == REDIS_REPLY_ERROR;
    freeReplyObject(reply);
    if (refused) throw std::runtime_error("a command was refused");
  }
  std::vector<redisContext*> contexts_;
  std::vector<std::pair<const Command*, std::size_t>> commands_;
};

void compare(const char* name, lab::RedisCluster& cluster, Controller& controller, const Command& command) {
  const auto commands = random_commands(command);
  Ours ours(controller, commands);
  Bare bare(cluster, commands);
  ours.round();
  bare.round();
  std::vector<double> ratios, our_rates, bare_rates;
  for (int i = 0; i < rounds; ++i) {
    our_rates.push_back(ours.round());
    bare_rates.push_back(bare.round());
    ratios.push_back(our_rates.back() / bare_rates.back());
    std::printf("%s round %2d: ours %8.0f/s, bare hiredis %8.0f/s, ratio %.2f\n", command[0].c_str(), i + 1,
                our_rates.back(), bare_rates.back(), ratios.back());
  }
  std::printf(
      "%s ratio=%.2f (ours %.0f calls/s, reference %.0f calls/s; medians of %d rounds of %zu calls, %zu in flight)\n",
      name, bench::median(ratios), bench::median(our_rates), bench::median(bare_rates), rounds, calls_a_round,
      in_flight);
}

/// Prints its own figures; it uses more connections and, by default, one thread, so it is no peer of one connection a
/// primary.
void run_redis_benchmark(const lab::RedisCluster& cluster) {
  const std::string command = "redis-benchmark --cluster -h 127.0.0.1 -p " + std::to_string(cluster.node(0).port) +
                              " -P 16 -c 50 -n 400000 -r 1000000 -d 16 -t set,get -q 2>/dev/null | tr '\\r' '\\n' | "
                              "grep 'requests per second' | sed 's/^/redis-benchmark --cluster -P 16 -c 50: /'";
  std::fflush(stdout);
  if (std::system(command.c_str()) != 0) std::printf("redis-benchmark did not run\n");
}

}  // namespace

int main() try {
  lab::RedisCluster cluster(lab::RedisCluster::Options{.primaries = 3, .replicas_per_primary = 0});
  bench::Site site(cluster);
  run_redis_benchmark(cluster);
  compare("pipelined_set", cluster, site.controller(), {"SET", "", "0123456789abcdef"});
  compare("pipelined_get", cluster, site.controller(), {"GET", ""});
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
