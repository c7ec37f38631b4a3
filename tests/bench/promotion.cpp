// From the promotion of a replica (ROLE says master, asked each millisecond) to the topology that names it, published
// by the detector and applied by two controllers: with nobody calling anything ("idle": the detector's own signals
// alone), and with one of them writing from 16 callers without a pause ("traffic": whose hints count too).
//
//   bench_promotion [ROUNDS] [without SIGNAL...]
//
// ROUNDS failovers of each kind in each of the two ways (default 20), and whether the figures keep to their budgets.
// `without connection hints` switches those signals of the detector off, to see what they give.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "busy_callers.hpp"
#include "lab/promotion_watch.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"

namespace {

using namespace dbha;
using namespace std::chrono_literals;
using Mode = lab::RedisCluster::FailoverMode;

constexpr auto patience = 30s;

struct Kind {
  const char* name;
  double median_budget;  // ms
  std::optional<double> p90_budget;
  std::function<void(lab::RedisCluster&, std::size_t primary, std::size_t replica)> cause;
  std::function<void(lab::RedisCluster&, std::size_t primary)> heal = [](auto&, auto) {};
};

Kind by_hand(const char* name, Mode mode, double median_budget, std::optional<double> p90_budget) {
  return {name, median_budget, p90_budget,
          [mode](auto& cluster, auto, auto replica) { cluster.failover(replica, mode); }};
}

const std::vector<Kind> kinds{
    {"kill", 8, 20, [](auto& cluster, auto primary, auto) { cluster.kill(primary); },
     [](auto& cluster, auto primary) { cluster.start(primary); }},
    {"stop", 8, 20, [](auto& cluster, auto primary, auto) { cluster.stop(primary); },
     [](auto& cluster, auto primary) { cluster.resume(primary); }},
    by_hand("graceful", Mode::graceful, 8, 20),
    by_hand("force", Mode::force, 8, 20),
    by_hand("takeover", Mode::takeover, 15, std::nullopt),
};

/// When this process first did so, after a given moment, in ms of the machine's monotonic clock.
std::optional<double> first_in(const nlohmann::json& history, const std::string& what, double since_ms,
                               const std::string& changes = {}) {
  for (const auto& entry : history) {
    const double at = entry.at("monotonic_us").get<double>() / 1e3;
    if (entry.at("what") == what && at >= since_ms && entry.value("changes", "").find(changes) != std::string::npos)
      return at;
  }
  return std::nullopt;
}

double ms_of(bench::Clock::time_point at) {
  return std::chrono::duration<double, std::milli>(at.time_since_epoch()).count();
}

struct Samples {
  std::vector<double> published;
  std::vector<double> applied;  ///< by the last of the two controllers
};

/// Three primaries with a replica each, a detector, an idle controller beside it, and another one.
class Stage {
 public:
  explicit Stage(const std::string& detector_lines) : site_(cluster_, detector_lines), other_(site_.another("other")) {}

  Samples measure(const Kind& kind, int rounds, bool traffic) {
    Samples samples;
    for (int round = 0; round < rounds; ++round) one_failover(kind, traffic, samples);
    return samples;
  }

 private:
  /// Each shard in turn, because a node that was promoted is not promoted again for some seconds.
  void one_failover(const Kind& kind, bool traffic, Samples& samples) {
    constexpr int starts[] = {0, 5461, 10923};
    const int slot = starts[turn_++ % 3];
    const std::size_t primary = cluster_.primary_of(slot);
    const std::size_t replica = cluster_.replicas_of(primary).at(0);
    std::vector<std::string> keys;
    for (int i = 0; i < bench::busy_callers; ++i) keys.push_back(lab::key_in(slot, slot + 5000, i));
    std::optional<bench::BusyCallers> callers;
    if (traffic) callers.emplace(*other_, keys);

    lab::PromotionWatch watch(cluster_, {replica});
    kind.cause(cluster_, primary, replica);
    const auto promotion = watch.wait(patience);
    if (!promotion) throw std::runtime_error("no promotion");
    // Not before `earliest`: what is published earlier is about another change.
    const double since = ms_of(promotion->earliest);
    const std::string promoted = cluster_.node(replica).id.substr(0, 8);
    std::optional<double> published, beside, other;
    const bool seen = lab::wait_until(
        patience,
        [&] {
          const auto status = site_.controller().status();
          published = first_in(status.at("detector").at("history"), "published", since, promoted);
          if (!published) return false;
          beside = first_in(status.at("controller").at("history"), "topology_changed", *published);
          other = first_in(other_->status().at("controller").at("history"), "topology_changed", *published);
          return beside && other;
        },
        20ms);
    if (!seen) throw std::runtime_error("the failover is not published everywhere");
    samples.published.push_back(*published - ms_of(promotion->time));
    samples.applied.push_back(std::max(*beside, *other) - ms_of(promotion->time));
    callers.reset();
    kind.heal(cluster_, primary);
    cluster_.wait_ready();
  }

  lab::RedisCluster cluster_{lab::RedisCluster::Options{.node_timeout = 1000ms}};
  bench::Site site_;
  std::unique_ptr<ObservedController> other_;
  int turn_ = 0;
};

void print(const char* kind, const char* way, const char* what, const std::vector<double>& ms) {
  std::printf("%-9s %-8s %-9s median %6.1f ms  p90 %6.1f ms  max %7.1f ms  (%zu failovers)\n", kind, way, what,
              bench::median(ms), bench::quantile(ms, 0.9), bench::quantile(ms, 1), ms.size());
}

void judge(const Kind& kind, const char* way, const std::vector<double>& ms) {
  const bool kept =
      bench::median(ms) <= kind.median_budget && (!kind.p90_budget || bench::quantile(ms, 0.9) <= *kind.p90_budget);
  std::printf("promotion_published_%s_%s %s (budget: median %.0f ms", kind.name, way, kept ? "pass" : "FAIL",
              kind.median_budget);
  if (kind.p90_budget) std::printf(", p90 %.0f ms", *kind.p90_budget);
  std::printf(")\n");
}

std::string all_signals_but(const std::set<std::string>& left_out) {
  if (left_out.empty()) return {};
  std::string used;
  for (const std::string signal : {"connection", "channel", "heartbeat", "role", "epoch", "hints"})
    if (!left_out.contains(signal)) used += (used.empty() ? "\"" : ", \"") + signal + '"';
  return "signals = [" + used + "]\n";
}

}  // namespace

int main(int argc, char** argv) try {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
  if (rounds < 1 || (argc > 2 && std::string(argv[2]) != "without"))
    throw std::runtime_error("usage: bench_promotion [ROUNDS] [without SIGNAL...]");
  Stage stage(all_signals_but({argv + std::min(argc, 3), argv + argc}));
  for (const auto& kind : kinds)
    for (const bool traffic : {false, true}) {
      const char* way = traffic ? "traffic" : "idle";
      const auto samples = stage.measure(kind, rounds, traffic);
      print(kind.name, way, "published", samples.published);
      print(kind.name, way, "applied", samples.applied);
      judge(kind, way, samples.published);
      std::fflush(stdout);
    }
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
