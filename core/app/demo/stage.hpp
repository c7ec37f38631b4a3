#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "demo/demo.hpp"
#include "demo/fleet.hpp"
#include "demo/screen.hpp"
#include "demo/topology_questions.hpp"
#include "demo/writer.hpp"
#include "lab/cluster.hpp"
#include "lab/ports.hpp"
#include "lab/temp_dir.hpp"

namespace dbha::demo {

/// Two nodes that serve the same slots: a primary and its replica, in roles that change.
struct Shard {
  lab::SlotRange slots;
  std::vector<std::size_t> nodes;  ///< indices in the cluster
};

/// Everything that the demo starts. The members stand in the order of life: the cluster serves until the last client is
/// gone, the folder stays until nobody writes to it.
class Stage {
 public:
  static constexpr std::size_t shards_count = 3;

  /// Returns when all is ready for the first fault. Throws std::exception with the reason when it cannot be started.
  Stage(const DemoOptions& options, const Screen& screen);

  lab::Cluster& cluster() { return *cluster_; }
  Fleet& fleet() { return *fleet_; }
  Writer& writer() { return *writer_; }
  /// Where the writer's controller is asked, as one asks a process.
  const std::string& writer_endpoint() const { return writer_endpoint_; }
  TopologyQuestions& questions() { return *questions_; }
  const Shard& shard(std::size_t index) const { return shards_.at(index); }

  /// The one of the shard's nodes that runs as primary now, and the other one.
  std::size_t primary(const Shard& shard);
  std::size_t other(const Shard& shard, std::size_t node) const;

  /// Ends writer and fleet the orderly way; returns what was not in order.
  std::vector<std::string> end();

 private:
  void make_database(const DemoOptions& options);

  lab::TempDir folder_{"dbha-demo"};
  Passwords passwords_ = Passwords::make();
  std::vector<lab::PortLease> bus_ports_ = lab::lease_ports(2);
  std::unique_ptr<lab::Cluster> cluster_;
  std::unique_ptr<TopologyQuestions> questions_;
  std::vector<Shard> shards_;
  std::optional<Fleet> fleet_;
  std::unique_ptr<Writer> writer_;
  std::string writer_endpoint_;
};

}  // namespace dbha::demo
