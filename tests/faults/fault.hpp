#pragma once
/// What breaks: the rows of the matrix.

#include <functional>
#include <string>
#include <vector>

#include "judge.hpp"
#include "testbed.hpp"

namespace dbha::test {

/// One fault that hits one shard.
struct Blow {
  Testbed& bed;
  std::size_t shard;
  std::size_t victim;  ///< its primary
  std::size_t heir;    ///< its first replica; the victim itself if it has none
  Ledger& ledger;
};

struct Fault {
  using Step = std::function<void(Blow&)>;
  static void nothing(Blow&) {}

  std::string name;
  Unknowns unknowns;
  bool lossy;  ///< acknowledged writes to the shard may be gone
  Step strike;
  /// While the calls go on, the queued ones too: until everybody's route leads to where the shard can be used. Returns
  /// when the controllers are known to have applied that.
  std::function<TimePoint(Blow&)> outcome;
  Step heal = nothing;  ///< when the calls have ended
  /// The dbrestart that is due; empty: none. Asked after the outcome.
  std::function<std::string(Blow&)> restart = [](Blow&) { return std::string(); };
};

namespace faults {

/// kill -9; a replica takes over.
Fault kill();
/// SIGSTOP; a replica takes over, and the node wakes.
Fault stop();
/// The same, but it sleeps until every call that it had received is over.
Fault stop_beyond_deadlines();
/// Empty, too fast to be replaced.
Fault restart_in_place();
Fault failover(lab::Cluster::FailoverMode mode);
/// All slots that have keys go to the next shard's primary, and come back when the calls have ended.
Fault slot_migration();
/// Clients do not reach the primary, while the other nodes do: nobody replaces it. The testbed has gates.
Fault network_drop();
/// All connections to the primary end. The testbed has gates.
Fault reset();
/// kill -9, and the same node comes back with its data before anybody replaces it. The testbed is durable.
Fault restart_with_data();

}  // namespace faults

}  // namespace dbha::test
