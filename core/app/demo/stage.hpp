#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "demo/demo.hpp"
#include "demo/fleet.hpp"
#include "demo/screen.hpp"
#include "demo/writer.hpp"
#include "lab/ports.hpp"
#include "lab/redis_cluster.hpp"
#include "lab/temp_dir.hpp"

namespace dbha::demo {

/// Two nodes that serve the same slots: a primary and its replica, in roles that change.
struct Shard {
  lab::SlotRange slots;
  std::vector<std::size_t> nodes;  ///< indices in the cluster
};

/// What the controllers' user was refused, as `ACL LOG` of the nodes has it. A node forgets its log when it dies.
class RefusedCommands {
 public:
  explicit RefusedCommands(lab::RedisCluster& cluster) : cluster_(cluster) {}
  /// Before a node is killed.
  void keep(std::size_t node);
  long long count();

 private:
  lab::RedisCluster& cluster_;
  long long kept_ = 0;
};

/// Everything that the demo starts. The members stand in the order of life: the cluster serves until the last client is
/// gone, the folder stays until nobody writes to it.
class Stage {
 public:
  static constexpr std::size_t shards_count = 3;

  /// Returns when all is ready for the first fault. Throws std::exception with the reason when it cannot be started.
  Stage(const DemoOptions& options, const Screen& screen);

  lab::RedisCluster& cluster() { return cluster_; }
  Fleet& fleet() { return fleet_; }
  Writer& writer() { return *writer_; }
  RefusedCommands& refused() { return refused_; }
  const Shard& shard(std::size_t index) const { return shards_.at(index); }

  /// The one of the shard's nodes that runs as primary now, and the other one.
  std::size_t primary(const Shard& shard);
  std::size_t other(const Shard& shard, std::size_t node) const;

  /// Ends writer and fleet the orderly way; returns what was not in order.
  std::vector<std::string> end();

 private:
  lab::TempDir folder_{"dbha-demo"};
  Passwords passwords_ = Passwords::make();
  std::vector<lab::PortLease> bus_ports_ = lab::lease_ports(2);
  lab::RedisCluster cluster_;
  RefusedCommands refused_{cluster_};
  std::vector<Shard> shards_;
  Fleet fleet_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace dbha::demo
