#pragma once
/// What dbha tells an application.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <dbha/topology.hpp>

namespace dbha {

/// Acknowledged writes to these partitions may be gone: write the local copy again. Delivered after the connections
/// that are needed for it answer (or after apply_timeout, then `partial`). One change leads to one event, however often
/// it is heard of.
struct DbRestart {
  std::string id;  ///< unique per controller
  std::string cluster;
  Cause cause = Cause::failover;
  PartitionSet partitions;
  NodeId old_primary;
  NodeId new_primary;
  Epoch epoch;
  std::int64_t last_healthy_ms = 0;  ///< wall clock, ms since 1970; 0: never seen healthy
  Loss loss = Loss::unknown;
  bool partial = false;  ///< not every primary had answered when this was sent
};

/// A new topology has been applied.
struct TopologyChanged {
  std::string cluster;
  Version version;
  TopologyDiff diff;
  bool partial = false;
};

/// No detector has been heard for three beats: routing goes on with the last topology.
struct ViewStale {
  std::string cluster;
  Duration age;
};
struct ViewFresh {
  std::string cluster;
};

/// Messages on these channels may have been missed between the two times. No dbrestart.
struct SubscriptionInterrupted {
  std::string cluster;
  NodeId node;  ///< where they are subscribed now
  std::vector<std::string> channels;
  std::int64_t from_ms = 0;  ///< wall clock, ms since 1970: the former node was last heard
  std::int64_t to_ms = 0;    ///< the last of the channels was subscribed again
};

/// What an earlier dbrestart left open is known now. It delivers nothing again: with `none` a handler may stop what it
/// does for that event, with `possible` it learns how much is concerned.
struct LossKnown {
  std::string id;  ///< of the dbrestart
  std::string cluster;
  PartitionSet partitions;
  Loss loss = Loss::unknown;
  std::int64_t old_offset = -1;  ///< as in the mark
  std::int64_t new_offset = -1;
};

using Event = std::variant<DbRestart, TopologyChanged, ViewStale, ViewFresh, SubscriptionInterrupted, LossKnown>;

/// The names by which handlers subscribe: dbrestart, topology_changed, view_stale, view_fresh,
/// subscription_interrupted, loss_known.
inline const char* name_of(const Event& event) {
  static constexpr const char* names[] = {"dbrestart",  "topology_changed",         "view_stale",
                                          "view_fresh", "subscription_interrupted", "loss_known"};
  return names[event.index()];
}

inline const char* text_of(Cause cause) {
  static constexpr const char* names[] = {"failover", "restart", "overruled", "start", "manual"};
  return names[static_cast<int>(cause)];
}
inline const char* text_of(Role role) {
  static constexpr const char* names[] = {"unknown", "primary", "replica"};
  return names[static_cast<int>(role)];
}
inline const char* text_of(Loss loss) {
  static constexpr const char* names[] = {"unknown", "none", "possible"};
  return names[static_cast<int>(loss)];
}

}  // namespace dbha
