#pragma once
/// One run: a detector and its controllers over the model of a database and of a bus, in virtual time, with everything
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

  void start_detector();
  void restart_detector(const Fault& fault, bool old_store);
  void on_detector_died();
  void pause_detector(Duration lasts);
  void start_controller(std::size_t index);
  void restart_controller(const Fault& fault, bool with_store);
  void cause(const Fault& fault);
  bool cause_here(const Fault& fault);
  void heal();

  void tell_the_truth();
  void run_until(TimePoint until);
  void come_to_rest();
  bool settle();
  /// What is not yet as it should be at the end of a run.
  std::vector<Violation> unsettled() const;
  void check_owners(std::vector<Violation>& out) const;
  void check_lives(std::vector<Violation>& out) const;
  void check_fleet(std::vector<Violation>& out) const;
  void check_writes();

  Schedule schedule_;
  Random random_;
  Site site_;
  DetectorStore store_;
  bool lose_a_save_ = false;
  Duration detector_down_for_{};
  std::unique_ptr<DetectorProcess> detector_;
  std::vector<Seat> seats_;
  NodeFaults node_faults_;
  Course course_;
};

}  // namespace dbha::sim
