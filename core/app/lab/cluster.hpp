#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "lab/slots.hpp"

namespace dbha::lab {

/// Of a node's process, or of what stands for one. stopped: it neither answers nor is gone.
enum class NodeState { down, running, stopped };

/// What a node says of itself; unknown: nothing, for now.
enum class SaidRole { unknown, primary, replica };

/// A database made to be broken, whatever its kind: what the demo and the integration tests do to it.
///
/// Nodes are named by an index that never changes: at first 0 to primaries-1 are the primaries, the rest their replicas
/// (replica r of primary i is primaries * (r + 1) + i); later ones are appended. Every verb throws std::runtime_error
/// when its effect was not seen by its deadline, naming the condition and the node. For one thread at a time.
class Cluster {
 public:
  using Duration = std::chrono::nanoseconds;

  struct NodeInfo {
    std::size_t index;
    std::string host;
    std::uint16_t port;
    std::string id;  ///< empty where nodes have none
    pid_t pid;       ///< -1 if it never was a process
    NodeState state;

    bool running() const { return state == NodeState::running; }
    std::string address() const { return host + ':' + std::to_string(port); }
  };

  enum class FailoverMode { graceful, force, takeover };

  virtual ~Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// What it is, for people: "a Redis Cluster: 3 primaries ..."
  virtual std::string description() const = 0;
  /// Commands with which a person can look at it while it runs.
  virtual std::vector<std::string> ways_to_look() const = 0;
  /// The lines of a [backend] table that leads to it, without a login.
  virtual std::vector<std::string> backend_table() const = 0;
  /// It lives in this process, so that only roles in this process can use it.
  virtual bool in_process() const = 0;

  // Who is who. Roles are what the running nodes say of themselves.
  virtual std::vector<NodeInfo> nodes() const = 0;
  virtual NodeInfo node(std::size_t index) const = 0;
  /// The running node that claims the slot with the highest config epoch; throws if none claims it.
  virtual std::size_t primary_of(int slot) = 0;
  virtual std::vector<std::size_t> primaries() = 0;  ///< running nodes that own slots
  virtual std::vector<std::size_t> replicas_of(std::size_t primary) = 0;
  virtual std::vector<SlotRange> slots_of(std::size_t primary) = 0;
  virtual std::string run_id(std::size_t index) = 0;  ///< changes with every start of the process
  /// What this very node holds under the key; empty if nothing.
  virtual std::string value_at(std::size_t index, const std::string& key) = 0;
  /// The versions of the entries under these keys that this very node holds, a replica too; 0: none. A removed entry
  /// that is remembered has the version of its removal.
  virtual std::vector<std::uint64_t> versions_at(std::size_t index, const std::vector<std::string>& keys) = 0;
  /// Asks a node by itself whether it says that it is a primary; for another thread, on which it may block shortly.
  virtual std::function<SaidRole()> role_question(std::size_t index) const = 0;

  // Faults and their repair.
  virtual void kill(std::size_t index) = 0;    ///< returns when it is gone
  virtual void start(std::size_t index) = 0;   ///< after kill: the same node without data; returns when it answers
  virtual void stop(std::size_t index) = 0;    ///< a black hole that still accepts connections
  virtual void resume(std::size_t index) = 0;  ///< after stop
  /// What its primary acknowledges from now on never comes to this replica, also not what is under way, until rejoin().
  virtual void cut_off(std::size_t replica) = 0;
  virtual void rejoin(std::size_t replica) = 0;
  /// kill and start at once, long before the others suspect anything: a primary stays the owner of its slots, as a new
  /// incarnation without data. Returns when it answers.
  virtual void restart_in_place_empty(std::size_t index) = 0;
  /// Returns when the replica is a primary.
  virtual void failover(std::size_t replica, FailoverMode mode = FailoverMode::graceful,
                        Duration timeout = std::chrono::seconds(30)) = 0;

  /// Waits until all that run agree, serve and are in sync.
  virtual void wait_ready(Duration timeout = std::chrono::seconds(20)) = 0;

  // Another shape.
  /// Moves slots with their keys while clients go on.
  virtual void migrate_slots(int first, int last, std::size_t from, std::size_t to) = 0;
  /// Starts a node and introduces it: a primary without slots. Returns its index when all agree on it.
  virtual std::size_t add_node() = 0;
  /// Makes a node without slots a replica of `primary`; returns when it is in sync and all agree.
  virtual void replicate(std::size_t index, std::size_t primary) = 0;
  /// Kills the node and makes all others forget it.
  virtual void remove_node(std::size_t index) = 0;

 protected:
  Cluster() = default;
};

}  // namespace dbha::lab
