#pragma once
/// What befalls a fleet in one run, as a plain value: it follows from a seed, and can be made simpler while the run
/// still fails.

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "random.hpp"

namespace dbha::sim {

enum class FaultKind {
  kill,                ///< a node dies and comes back empty later
  restart,             ///< a node restarts faster than anybody suspects it
  failover,            ///< CLUSTER FAILOVER
  force_failover,      ///< CLUSTER FAILOVER FORCE: without the primary's consent
  reshard,             ///< partitions move between living primaries
  stop,                ///< SIGSTOP of a node
  add_replica,         ///< a new node joins a shard
  bus_outage,          ///< nothing passes between a detector and one controller, or all that listen to it
  detector_restart,    ///< killed at an arbitrary moment, started with its store
  detector_old_store,  ///< the same after a power cut: the store is one save older
  detector_pause,      ///< SIGSTOP of the detector (TILT)
  controller_restart,  ///< with its store
  controller_loss,     ///< without its store
  isolate,             ///< a node is cut off from the others, but not from clients
  hide,                ///< clients do not reach a node, but the others do
  stale_view,          ///< a node goes on handing out an old map
  takeover,            ///< a replica promotes itself and asks nobody
  whole_outage,        ///< all nodes die and come back
  detector_blind,      ///< a detector does not reach some nodes, though the others do
  bus_split,           ///< a detector and some controllers on one side, all the others on the other
  detector_loss,       ///< a detector is killed and loses its store
  all_detectors_loss,  ///< all of them at once: controllers hold the only copies
  clock_step,          ///< a detector's wall clock goes forward or back, and it may be started anew
  bump,                ///< CLUSTER BUMPEPOCH of an owner
  isolated_bump,       ///< the same while it is cut off, and another may be elected
  forget,              ///< CLUSTER FORGET, at all others, of an owner that was cut off, bumped and replaced
  reset,               ///< CLUSTER RESET of a replica, which is made one again later
  slots_to_other,      ///< DELSLOTS, then ADDSLOTS to another owner, whose epoch may be lower
  slots_back,          ///< DELSLOTS, then ADDSLOTS to the same owner
  readdress,           ///< a node dies and comes back at another port
  rebuild,             ///< another cluster at the same addresses, with epochs from 1
};
inline constexpr std::size_t fault_kinds = 31;

const char* text_of(FaultKind kind);

/// Which faults are caused: "main", what a healthy majority outlives; "minority", what shows a part of the database
/// another truth than the rest; "reach", nodes that only some see; "outage", everything at once; "fleet", what parts
/// the detectors from each other, from the nodes and from what they remember; "operator", commands that ask no
/// majority; "rebuild", another cluster.
enum class FaultGroup { main, minority, reach, outage, fleet, operators, rebuild };
inline constexpr std::size_t fault_groups = 7;
FaultGroup group_of(FaultKind kind);
const char* text_of(FaultGroup group);
std::optional<FaultGroup> group_named(const std::string& name);

struct Fault {
  Duration at{};  ///< since the beginning
  FaultKind kind = FaultKind::kill;
  std::uint64_t choice = 0;  ///< which node, range, moment: resolved by what is possible at that time
  Duration lasts{};
};

/// In both directions, of a link between a detector and a controller or another detector.
struct BusQuality {
  double loss = 0;
  double duplicates = 0;
  double refusals = 0;  ///< of hellos
  Duration least_delay = std::chrono::microseconds(100);
  Duration most_delay = std::chrono::microseconds(300);
  bool reorders = false;
};

struct Shape {
  std::uint32_t shards = 3;
  std::uint32_t replicas = 1;
  std::uint32_t partitions = 120;
  Duration node_timeout = std::chrono::seconds(1);
  Duration latency = std::chrono::microseconds(150);
  Duration replication_lag = std::chrono::milliseconds(2);
};

struct Schedule {
  std::uint64_t seed = 0;
  Shape shape;
  BusQuality bus;
  std::size_t detectors = 1;
  /// To others, before the first publication: nothing where the only detector never loses what it remembers.
  Duration listen{};
  std::vector<BusQuality> links;  ///< of several detectors, as Bus::set_qualities() has them; else all are as `bus`
  double probe_budget = 500;
  std::vector<Duration> controllers_start;  ///< one for each controller
  Duration write_pause = std::chrono::milliseconds(50);
  std::vector<Fault> faults;  ///< in order of time
  Duration heals_at{};        ///< all faults end, and quiet time follows
};

struct ScheduleOptions {
  std::set<FaultGroup> groups = {FaultGroup::main};
  std::size_t controllers = 3;
  std::size_t detectors = 1;  ///< 0: one to three, as the seed says
};

Schedule schedule_of(std::uint64_t seed, const ScheduleOptions& options = {});

/// What is left out of a schedule: a small one that still fails is easier to read. All else stays as it is.
struct Simplification {
  std::set<std::size_t> without;  ///< faults, by their places in the whole schedule
  bool calm_bus = false;
  bool small_cluster = false;  ///< three shards with one replica each
  std::optional<std::size_t> controllers;
  std::optional<std::size_t> detectors;
};

Schedule simplified(Schedule schedule, const Simplification& simplification);

/// "3 shards, 1 replica each; bus: 12 % lost, ..." and a line for each fault with its place.
std::vector<std::string> lines_of(const Schedule& schedule);

}  // namespace dbha::sim
