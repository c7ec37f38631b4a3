#pragma once
/// What the benchmarks share: a detector and a controller in this process, on a real cluster; and statistics.

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <vector>

#include <dbha/controller.hpp>

#include "lab/cluster.hpp"
#include "lab/ports.hpp"
#include "lab/temp_dir.hpp"

namespace dbha::bench {

using Clock = std::chrono::steady_clock;

class Site {
 public:
  explicit Site(const lab::Cluster& cluster) {
    controller_ = Controller::open(write_config(cluster));
    if (!controller_->wait_ready(std::chrono::seconds(20))) throw std::runtime_error("no topology within 20 s");
  }
  Controller& controller() { return *controller_; }

 private:
  std::filesystem::path write_config(const lab::Cluster& cluster) const {
    const auto endpoint = [&](std::size_t i) {
      return "\"tcp://127.0.0.1:" + std::to_string(ports_[i].number()) + '"';
    };
    const auto path = folder_.path() / "bench.toml";
    std::ofstream file(path);
    file << "name = \"bench\"\ncluster = \"bench\"\nstate_dir = " << folder_.path()
         << "\n[log]\nfile = " << folder_.path() / "bench.log"
         << "\n[backend]\n";
    for (const auto& line : cluster.backend_table()) file << line << '\n';
    file << "[detector]\npublish = " << endpoint(0) << "\ncontrol = " << endpoint(1)
         << "\n[controller]\ndetectors = [{ publish = " << endpoint(0) << ", control = " << endpoint(1) << " }]\n";
    return path;
  }

  lab::TempDir folder_{"dbha-bench"};
  std::vector<lab::PortLease> ports_ = lab::lease_ports(2);
  std::unique_ptr<Controller> controller_;  // last: it uses the above
};

/// The value below which that share of the samples lies; the maximum for 1.
inline double quantile(std::vector<double> samples, double share) {
  if (samples.empty()) throw std::runtime_error("no samples");
  std::sort(samples.begin(), samples.end());
  const auto at = static_cast<std::size_t>(share * static_cast<double>(samples.size()));
  return samples[std::min(at, samples.size() - 1)];
}
inline double median(std::vector<double> samples) {
  return quantile(std::move(samples), 0.5);
}

inline double us_since(Clock::time_point since) {
  return std::chrono::duration<double, std::micro>(Clock::now() - since).count();
}

}  // namespace dbha::bench
