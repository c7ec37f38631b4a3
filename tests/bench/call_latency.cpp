// What one call costs: from an application's thread through the loop and back, and from a completion on the loop
// itself, against a bare hiredis connection that blocks. One call at a time, the three interleaved. The ratio is bare
// by ours: 1 would be as fast as a connection of one's own.

#include <cstdio>
#include <future>

#include <hiredis/hiredis.h>

#include "bench_site.hpp"
#include "lab/redis_cluster.hpp"

namespace {

using namespace dbha;
using bench::Clock;

constexpr int rounds = 20;
constexpr int calls_a_round = 1'000;
const std::vector<std::string> get{"GET", "key"};

struct Samples {
  const char* what;
  std::vector<double> us{};

  void print() const {
    std::printf("%-34s p50 %6.1f us  p99 %6.1f us  max %8.1f us  (%zu calls)\n", what, bench::quantile(us, 0.5),
                bench::quantile(us, 0.99), bench::quantile(us, 1), us.size());
  }
};

void from_a_thread(Controller& controller, Samples& samples) {
  for (int i = 0; i < calls_a_round; ++i) {
    const auto since = Clock::now();
    if (!controller.call({.args = get}).get().ok()) throw std::runtime_error("a call failed");
    samples.us.push_back(bench::us_since(since));
  }
}

/// Each completion makes the next call.
class OnTheLoop {
 public:
  OnTheLoop(Controller& controller, Samples& samples) : controller_(controller), samples_(samples) {}
  void run() {
    next();
    done_.get_future().wait();
  }

 private:
  void next() {
    since_ = Clock::now();
    controller_.submit({.args = get}, [this](const Result&) {
      // The first was made on another thread.
      if (left_ < calls_a_round) samples_.us.push_back(bench::us_since(since_));
      if (--left_ == 0) return done_.set_value();
      next();
    });
  }

  Controller& controller_;
  Samples& samples_;
  int left_ = calls_a_round;
  Clock::time_point since_;
  std::promise<void> done_;
};

void bare(redisContext* context, Samples& samples) {
  for (int i = 0; i < calls_a_round; ++i) {
    const auto since = Clock::now();
    void* reply = redisCommand(context, "GET key");
    if (!reply) throw std::runtime_error(context->errstr);
    freeReplyObject(reply);
    samples.us.push_back(bench::us_since(since));
  }
}

}  // namespace

int main() try {
  lab::RedisCluster cluster(lab::RedisCluster::Options{.primaries = 3, .replicas_per_primary = 0});
  bench::Site site(cluster);
  if (!site.controller().call({.args = {"SET", "key", "0123456789abcdef"}}).get().ok())
    throw std::runtime_error("no SET");
  const auto owner = cluster.node(cluster.primary_of(12539));  // slot of "key"
  redisContext* context = redisConnect("127.0.0.1", owner.port);
  Samples threaded{"ours, call().get() on a thread"};
  Samples looped{"ours, submit() in a completion"};
  Samples reference{"bare hiredis, redisCommand()"};
  for (int i = 0; i < rounds; ++i) {
    from_a_thread(site.controller(), threaded);
    OnTheLoop(site.controller(), looped).run();
    bare(context, reference);
  }
  redisFree(context);
  for (const auto* samples : {&threaded, &looped, &reference}) samples->print();
  const double p50 = bench::median(reference.us);
  std::printf("call_latency ratio=%.2f (ours %.1f us, reference %.1f us; medians; from a thread ratio %.2f)\n",
              p50 / bench::median(looped.us), bench::median(looped.us), p50, p50 / bench::median(threaded.us));
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
