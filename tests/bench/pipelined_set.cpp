// How much of a bare hiredis loop's throughput a controller keeps: SETs of random keys on a real cluster of three
// primaries, as many calls in flight on both sides, interleaved in short rounds because the machine may be shared. More
// than 1 is better than the bare loop.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <random>

#include <hiredis/hiredis.h>

#include <dbha/controller.hpp>

#include "lab/cluster_nodes.hpp"
#include "lab/ports.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/slots.hpp"
#include "lab/temp_dir.hpp"

namespace {

using namespace dbha;
using Clock = std::chrono::steady_clock;

constexpr std::size_t calls_a_round = 60'000;
constexpr std::size_t in_flight = 192;
constexpr int rounds = 11;

std::vector<std::string> random_keys() {
  std::mt19937 random(1);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < calls_a_round; ++i) out.push_back("key:" + std::to_string(random() % 1'000'000));
  return out;
}

double calls_a_second(Clock::time_point since) {
  return static_cast<double>(calls_a_round) / std::chrono::duration<double>(Clock::now() - since).count();
}

/// Keeps `in_flight` calls under way: each completion submits the next one.
class Ours {
 public:
  Ours(Controller& controller, const std::vector<std::string>& keys) : controller_(controller), keys_(keys) {}

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
    const std::string& key = keys_[index];
    controller_.submit({.key = key, .args = {"SET", key, "0123456789abcdef"}, .repeatable = true, .deadline = {}},
                       [this](const Result& result) {
                         if (!result.ok()) ++failed_;
                         const std::size_t next = next_++;
                         if (next < keys_.size()) submit(next);
                         if (++finished_ == keys_.size()) done_->set_value();
                       });
  }

  Controller& controller_;
  const std::vector<std::string>& keys_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> finished_ = 0;
  std::atomic<std::size_t> failed_ = 0;
  std::promise<void>* done_ = nullptr;
};

/// The peer: one thread, one hiredis connection a primary, the same number of calls in flight, routed by a table of
/// slots.
class Bare {
 public:
  Bare(lab::RedisCluster& cluster, const std::vector<std::string>& keys) {
    std::vector<std::size_t> owner(lab::kSlots);  // of a slot, as an index of contexts_
    for (const auto& node : lab::parse_cluster_nodes(cluster.client(0).demand({"CLUSTER", "NODES"}).text)) {
      for (const auto& [first, last] : node.slots)
        std::fill(owner.begin() + first, owner.begin() + last + 1, contexts_.size());
      contexts_.push_back(redisConnect("127.0.0.1", node.port));
    }
    for (const auto& key : keys) commands_.emplace_back(&key, owner[static_cast<std::size_t>(lab::slot_of(key))]);
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
        const auto& [key, node] = commands_[sent];
        const char* argv[] = {"SET", key->c_str(), "0123456789abcdef"};
        const std::size_t lengths[] = {3, key->size(), 16};
        redisAppendCommandArgv(contexts_[node], 3, argv, lengths);
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
    const bool stored = static_cast<redisReply*>(reply)->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    if (!stored) throw std::runtime_error("a SET was refused");
  }
  std::vector<redisContext*> contexts_;
  std::vector<std::pair<const std::string*, std::size_t>> commands_;
};

std::filesystem::path write_config(const std::filesystem::path& folder, const lab::RedisCluster& cluster,
                                   const std::vector<lab::PortLease>& ports) {
  const auto endpoint = [&](std::size_t i) { return "tcp://127.0.0.1:" + std::to_string(ports[i].number()); };
  std::ofstream file(folder / "bench.toml");
  file << "name = \"bench\"\ncluster = \"bench\"\nstate_dir = \"" << folder.string() << "\"\n[log]\nfile = \""
       << (folder / "bench.log").string() << "\"\n[backend]\nplugin = \"redis\"\nseeds = [\""
       << cluster.node(0).address() << "\"]\n[detector]\npublish = \"" << endpoint(0) << "\"\ncontrol = \""
       << endpoint(1) << "\"\n[controller]\ndetectors = [{ publish = \"" << endpoint(0) << "\", control = \""
       << endpoint(1) << "\" }]\n";
  return folder / "bench.toml";
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main() {
  const lab::TempDir folder("dbha-bench");
  lab::RedisCluster cluster(lab::RedisCluster::Options{.primaries = 3, .replicas_per_primary = 0});
  const auto ports = lab::lease_ports(2);
  auto controller = Controller::open(write_config(folder.path(), cluster, ports));
  if (!controller->wait_ready(std::chrono::seconds(20))) {
    std::fprintf(stderr, "no topology within 20 s\n");
    return 1;
  }
  const auto keys = random_keys();
  Ours ours(*controller, keys);
  Bare bare(cluster, keys);
  ours.round();
  bare.round();
  std::vector<double> ratios, our_rates, bare_rates;
  for (int i = 0; i < rounds; ++i) {
    our_rates.push_back(ours.round());
    bare_rates.push_back(bare.round());
    ratios.push_back(our_rates.back() / bare_rates.back());
    std::printf("round %2d: ours %8.0f/s, bare hiredis %8.0f/s, ratio %.2f\n", i + 1, our_rates.back(),
                bare_rates.back(), ratios.back());
  }
  std::printf(
      "pipelined_set ratio=%.2f (ours %.0f calls/s, reference %.0f calls/s; medians of %d rounds of %zu SETs, %zu in "
      "flight)\n",
      median(ratios), median(our_rates), median(bare_rates), rounds, calls_a_round, in_flight);
}
