#pragma once
/// What the benchmarks share: a detector and a controller in this process, on a real cluster; and statistics.

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "lab/cluster.hpp"
#include "lab/ports.hpp"
#include "lab/temp_dir.hpp"
#include "runtime/embedded_controller.hpp"

namespace dbha::bench {

using Clock = std::chrono::steady_clock;

class Site {
 public:
  /// `detector_lines`: added to the [detector] of its configuration; `sections`: to the end of that file.
  explicit Site(const lab::Cluster& cluster, const std::string& detector_lines = {}, const std::string& sections = {})
      : backend_(cluster.backend_table()),
        sections_(sections),
        controller_(open("bench", "[detector]\npublish = " + endpoint(0) + "\ncontrol = " + endpoint(1) +
                                      "\nlisten = \"0s\"\n" + detector_lines)) {}

  /// Of the process that has the detector too.
  ObservedController& controller() { return *controller_; }
  std::string admin() const { return admin_of("bench"); }
  /// One more, without a detector. The site outlives it.
  std::unique_ptr<ObservedController> another(const std::string& name) const { return open(name, {}); }

 private:
  std::string endpoint(std::size_t i) const { return "\"tcp://127.0.0.1:" + std::to_string(ports_[i].number()) + '"'; }

  std::string admin_of(const std::string& name) const {
    return "ipc://" + (folder_.path() / (name + ".sock")).string();
  }

  std::unique_ptr<ObservedController> open(const std::string& name, const std::string& detector) const {
    const auto path = folder_.path() / (name + ".toml");
    {
      std::ofstream file(path);
      file << "name = \"" << name << "\"\ncluster = \"bench\"\nstate_dir = " << folder_.path() / (name + ".state")
           << "\n[log]\nfile = " << folder_.path() / (name + ".log") << "\n[admin]\nendpoint = \"" << admin_of(name)
           << "\"\n[backend]\n";
      for (const auto& line : backend_) file << line << '\n';
      file << detector << "\n[controller]\nhold_down = \"0s\"\ndetectors = [{ publish = " << endpoint(0)
           << ", control = " << endpoint(1) << " }]\n";
      if (!detector.empty()) file << sections_;
    }
    auto controller = open_controller(load_config(path));
    if (!controller->wait_ready(std::chrono::seconds(20))) throw std::runtime_error("no topology within 20 s");
    return controller;
  }

  lab::TempDir folder_{"dbha-bench"};
  std::vector<lab::PortLease> ports_ = lab::lease_ports(2);
  std::vector<std::string> backend_;
  std::string sections_;
  std::unique_ptr<ObservedController> controller_;  // last: it uses the above
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
