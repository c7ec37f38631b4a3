#pragma once
/// One node of the model: what outlives its process, and what does not.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/cluster.hpp"
#include "model/picture.hpp"

namespace dbha::memory {

/// Keys stand by partition, so that a range of partitions is a range of the map.
using Data = std::map<std::pair<Partition, std::string>, std::string>;

/// A candidacy of a replica.
struct Election {
  std::uint64_t number = 0;  ///< tells its timers from those of an earlier one
  TimePoint at{};            ///< when it asks for votes
  Epoch epoch;               ///< once it has asked
  bool asked = false;
  std::set<Index> votes;
};

/// A failover that somebody ordered (CLUSTER FAILOVER), at the replica.
struct OrderedFailover {
  FailoverMode mode = FailoverMode::graceful;
  TimePoint until{};
  bool ready = false;  ///< it has all that its primary has, or need not
};

/// A replica's connection to its primary.
struct ReplicationLink {
  bool up = false;
  std::uint64_t number = 0;  ///< rises with each change: tells what was sent on an earlier one
  bool syncing = false;
  TimePoint next_try{};
  TimePoint arrives{};               ///< when the newest write on its way arrives
  std::optional<TimePoint> contact;  ///< when it was last up in this life
};

/// What a client sent: exactly one of the two is called.
struct Request {
  Index node = nobody;
  std::uint64_t life = 0;  ///< the node's, when it was sent: the connection ends with it
  std::function<void()> serve;
  std::function<void()> lost;
};

struct ClusterNode {
  // ---- Outlives the process
  NodeId id;
  Endpoint endpoint;
  Picture picture;
  Epoch last_vote;
  NodeState state = NodeState::running;
  bool removed = false;
  std::uint64_t life = 0;                            ///< rises with each start
  std::uint64_t version = 1;                         ///< rises with each change of the picture
  std::shared_ptr<const Announcement> announcement;  ///< of some version
  std::optional<View> frozen;

  // ---- Gone with the process
  RunId run_id;
  ReplId replid;
  ReplId previous_replid;
  std::int64_t offset = 0;
  std::int64_t previous_offset = -1;
  Data data;
  bool ok = false;  ///< cluster_state
  TimePoint started{};
  std::optional<TimePoint> minority;  ///< when it last did not reach a majority
  std::uint64_t rhythm = 0;           ///< tells its tick from that of an earlier life
  ReplicationLink link;
  std::optional<Election> election;
  std::optional<OrderedFailover> ordered;
  std::optional<TimePoint> paused_until;     ///< writes wait: a replica is catching up to take over
  PartitionMap<Index> leaving;               ///< moved to another node, and not released yet
  std::vector<Request> held;                 ///< writes that wait for the end of the pause
  std::vector<Request> asked;                ///< while it was stopped
  std::vector<std::function<void()>> inbox;  ///< from other nodes, while it was stopped
};

}  // namespace dbha::memory
