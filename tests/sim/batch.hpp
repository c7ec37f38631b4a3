#pragma once

#include <atomic>
#include <map>

#include "simulation.hpp"

namespace dbha::sim {

struct BatchOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t schedules = 1000;
  unsigned jobs = 1;
  ScheduleOptions schedule;
  std::set<std::string> stop_at;  ///< classes of violation after which no further run begins
};

/// What came of many runs, seed by seed.
struct Tally {
  std::uint64_t schedules = 0;
  std::map<std::string, std::vector<std::uint64_t>> seeds;  ///< of each kind of violation, ascending
  std::map<std::string, std::string> classes;               ///< of each kind
  std::array<std::uint64_t, fault_kinds> caused{};
  std::vector<Duration> settling;
  Duration virtual_time{};
  std::uint64_t steps = 0;
  std::uint64_t publications = 0;
  std::uint64_t events = 0;

  void add(const Course& course);
  /// How many schedules showed a violation of that class.
  std::uint64_t count(const std::string& group) const;
  bool failed() const;
  /// The first seed with a violation that fails a run, and its kind.
  std::optional<std::pair<std::uint64_t, std::string>> first_failure() const;
};

/// Runs them on as many threads as there are jobs; each run is on its own. `progress` is called on any of them.
Tally run_batch(const BatchOptions& options, const std::function<void(std::uint64_t done)>& progress);

}  // namespace dbha::sim
