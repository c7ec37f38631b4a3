#pragma once
/// One run: detectors and their controllers over the model of a database and of a bus, in virtual time, with everything
/// that the schedule says befalls them.

#include "controller_process.hpp"
#include "detector_process.hpp"
#include "node_faults.hpp"

namespace dbha::sim {

/// What came of a run.
struct Course {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;  ///< of all that happened, in order: equal for two runs of one schedule
  std::vector<Violation> violations;
  std::array<std::size_t, fault_kinds> caused{};
  Duration lasted{};    ///< in virtual time
  Duration settling{};  ///< from the database's own rest until everybody was settled
  std::uint64_t steps = 0;
  std::uint64_t publications = 0;
  std::uint64_t events = 0;
  Bus::Counters bus;
  std::vector<std::string> lines;  ///< if asked for

  bool failed() const;
};

struct RunOptions {
  bool verbose = false;
  /// An invariant of a test's own, looked at in the end: what is wrong, or nothing.
  std::function<std::optional<std::string>(const Course&)> planted;
};

Course run(const Schedule& schedule, const RunOptions& options = {});

class Simulation {
 public:
  Simulation(const Schedule& schedule, bool verbose);
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  Course run();

 private:
  struct Seat {
    std::unique_ptr<OwnData> data;
    RestartStore store;
    std::unique_ptr<ControllerProcess> process;
    std::uint64_t lives = 0;
  };

  /// A detector's place, which outlives its process.
  struct Post {
    DetectorMachine machine;
    bool lose_a_save = false;
    Duration down_for{};
    std::unique_ptr<DetectorProcess> process;

    bool running() const { return process && !process->dead(); }
  };

  void start_detector(std::size_t index);
  void kill_detector(std::size_t index, Death moment, Duration down_for);
  void on_detector_died(std::size_t index);
  void start_controller(std::size_t index);
  void restart_controller(const Fault& fault, bool with_store);
  void cause(const Fault& fault);
  bool cause_here(const Fault& fault);
  bool cause_at_detector(const Fault& fault);
  bool lose_all_stores(const Fault& fault);
  void blind(Post& post, const Fault& fault);
  void cut_bus(const Fault& fault);
  void split_bus(const Fault& fault);
  void heal();

  void tell_the_truth();
  void run_until(TimePoint until);
  void come_to_rest();
  bool settle();
  /// What is not yet as it should be at the end of a run.
  std::vector<Violation> unsettled() const;
  void check_owners(const Topology& topology, std::vector<Violation>& out) const;
  void check_lives(const Topology& topology, std::vector<Violation>& out) const;
  void check_detectors(std::vector<Violation>& out) const;
  void check_fleet(std::vector<Violation>& out) const;
  void check_writes();

  Schedule schedule_;
  Random random_;
  Site site_;
  std::vector<Post> posts_;
  std::vector<Seat> seats_;
  NodeFaults node_faults_;
  Course course_;
  PartitionSet disputed_;  ///< the nodes do not agree on their owner, even in the end
};

}  // namespace dbha::sim
