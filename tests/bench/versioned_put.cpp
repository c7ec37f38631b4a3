// What the guard of a versioned entry costs: puts through the store of a controller against plain SETs through the same
// controller, on a real cluster of three primaries, as many calls in flight on both sides, interleaved in short rounds
// because the machine may be shared.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <random>

#include <dbha/controller.hpp>

#include "lab/ports.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/temp_dir.hpp"

namespace {

using namespace dbha;
using Clock = std::chrono::steady_clock;

constexpr std::size_t calls_a_round = 30'000;
constexpr std::size_t in_flight = 192;
constexpr int rounds = 11;
const std::string value = "0123456789abcdef";

/// In random order and each once, so that a round's puts all have something to do.
std::vector<EntryName> random_names() {
  std::vector<EntryName> out;
  for (std::size_t i = 0; i < calls_a_round; ++i)
    out.push_back({"flows", "switch-" + std::to_string(i % 1000), "port-" + std::to_string(i / 1000)});
  std::shuffle(out.begin(), out.end(), std::mt19937(1));
  return out;
}

/// Keeps `in_flight` calls under way: each completion submits the next one.
class Round {
 public:
  /// Submits one, and reports whether it was stored.
  using Submit = std::function<void(const EntryName&, std::function<void(bool)>)>;

  Round(const std::vector<EntryName>& names, Submit submit) : names_(names), submit_(std::move(submit)) {}

  /// Calls a second.
  double run() {
    const auto since = Clock::now();
    for (std::size_t i = 0; i < in_flight; ++i) submit(next_++);
    done_.get_future().wait();
    if (failed_ > 0) std::fprintf(stderr, "%zu calls failed\n", failed_.load());
    return static_cast<double>(names_.size()) / std::chrono::duration<double>(Clock::now() - since).count();
  }

 private:
  void submit(std::size_t index) {
    submit_(names_[index], [this](bool stored) {
      if (!stored) ++failed_;
      const std::size_t next = next_++;
      if (next < names_.size()) submit(next);
      if (++finished_ == names_.size()) done_.set_value();
    });
  }

  const std::vector<EntryName>& names_;
  Submit submit_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::size_t> finished_ = 0;
  std::atomic<std::size_t> failed_ = 0;
  std::promise<void> done_;
};

Round::Submit puts(Controller& controller, std::uint64_t version) {
  return [&controller, version](const EntryName& name, std::function<void(bool)> done) {
    controller.versioned_store()->put(name, value, version,
                                      [done](const StoreResult& result) { done(result.applied); });
  };
}

Round::Submit sets(Controller& controller) {
  return [&](const EntryName& name, std::function<void(bool)> done) {
    std::string key = '{' + name.table + '/' + name.topic + '}' + name.key;
    Call call{.key = key, .args = {"SET", std::move(key), value}, .repeatable = true};
    controller.submit(std::move(call), [done](const Result& result) { done(result.ok()); });
  };
}

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
  const auto names = random_names();
  Round(names, puts(*controller, 1)).run();
  Round(names, sets(*controller)).run();
  std::vector<double> ratios, put_rates, set_rates;
  for (int i = 0; i < rounds; ++i) {
    put_rates.push_back(Round(names, puts(*controller, static_cast<std::uint64_t>(i) + 2)).run());
    set_rates.push_back(Round(names, sets(*controller)).run());
    ratios.push_back(put_rates.back() / set_rates.back());
    std::printf("round %2d: puts %8.0f/s, plain SETs %8.0f/s, ratio %.2f\n", i + 1, put_rates.back(), set_rates.back(),
                ratios.back());
  }
  std::printf(
      "versioned_put ratio=%.2f (ours %.0f puts/s, reference %.0f SETs/s; medians of %d rounds of %zu, %zu in "
      "flight)\n",
      median(ratios), median(put_rates), median(set_rates), rounds, calls_a_round, in_flight);
}
