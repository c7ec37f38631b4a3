#pragma once
/// A cluster of three shards, a detector, and two applications that are controllers: a busy and an idle one. All but
/// the nodes lives in the test's process.

#include <deque>
#include <functional>
#include <memory>

#include "bare_timer.hpp"
#include "integration/recorded_controller.hpp"
#include "integration/site.hpp"
#include "lab/redis_cluster.hpp"
#include "support/gate.hpp"

namespace dbha::test {

class Testbed {
 public:
  struct Shape {
    std::size_t replicas = 1;
    std::chrono::milliseconds node_timeout{1000};
    bool gates = false;    ///< clients, and replicas, reach each node through a gate before it
    bool durable = false;  ///< what a node has acknowledged it still has after a kill -9
  };

  explicit Testbed(const Shape& shape);

  lab::RedisCluster& cluster() { return cluster_; }
  Gate& gate(std::size_t node) { return gates_.at(node); }
  RecordedController& busy() { return *busy_; }
  RecordedController& idle() { return *idle_; }
  BareTimer& bare_timer() { return bare_timer_; }

  /// The primary that the shard has now; shards are numbered by where their slots were in the beginning.
  std::size_t primary(std::size_t shard) { return cluster_.primary_of(first_slot(shard)); }
  std::string id(std::size_t node) { return cluster_.node(node).id; }
  /// Where clients find the node.
  std::uint16_t port(std::size_t node) { return gates_.empty() ? cluster_.node(node).port : gates_.at(node).port(); }

  /// The slots in which the keys of a shard are: its first hundred, so that all of them can be moved.
  static constexpr int slots_used = 100;
  static int first_slot(std::size_t shard);
  static int last_slot(std::size_t shard) { return first_slot(shard) + slots_used - 1; }
  /// No two callers of one testbed share a key.
  std::string new_key(std::size_t shard);

  /// Waits until both applications have applied a topology of which that holds, and returns when it was seen. Fails the
  /// test, with the logs, if it does not come.
  TimePoint wait_for(const std::string& what, const std::function<bool(const Topology&)>& condition);
  TimePoint wait_for_owner(int slot, std::size_t node);
  /// The cluster is whole, and the applications' routes lead to its primaries.
  void wait_whole();
  /// What each node says of the cluster, for messages.
  std::string views() const;
  /// What the processes' logs say, for messages.
  std::string logs() const;

 private:
  std::deque<Gate> gates_;  // before the cluster: it announces their ports
  lab::RedisCluster cluster_;
  Site site_;
  std::unique_ptr<Controller> detector_;
  std::unique_ptr<RecordedController> busy_;
  std::unique_ptr<RecordedController> idle_;
  BareTimer bare_timer_;
  int next_key_ = 100;  // those before are used by RecordedController
};

}  // namespace dbha::test
