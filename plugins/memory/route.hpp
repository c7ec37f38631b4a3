#pragma once
/// Which node a partition's calls go to: the topology, and what single replies said since.

#include <memory>
#include <optional>
#include <vector>

#include <dbha/topology.hpp>

namespace dbha::memory {

/// A value: no I/O, no clock.
class Route {
 public:
  /// nullptr: nobody is known to own the partition. Valid until the route changes.
  const Endpoint* target(Partition partition) const;
  /// A redirect ends where the topology bears a higher claim than the one it corrected, and everywhere when the
  /// generation changes.
  void apply(std::shared_ptr<const Topology> topology);
  /// `from` has answered MOVED. Nothing changes if the partition does not go there any more: a late answer of a former
  /// owner is old news. True if the route changed.
  bool moved(Partition partition, const Endpoint& from, const Endpoint& to);
  /// The node cannot be reached: redirects to it end. The topology's own routes stay.
  void unreachable(const Endpoint& node);

  /// The nodes that own partitions in the topology.
  const std::vector<Endpoint>& owners() const { return owners_; }
  bool uses(const Endpoint& node) const;
  /// Who is there by the topology; empty if unknown.
  NodeId node_at(const Endpoint& endpoint) const;

 private:
  struct Redirected {
    Endpoint to;
    Epoch epoch;  // of the claim that it corrects
    std::uint32_t turn = 0;
    friend bool operator==(const Redirected&, const Redirected&) = default;
  };

  std::shared_ptr<const Topology> topology_;
  std::vector<Endpoint> owners_;
  PartitionMap<Redirected> redirected_;
};

}  // namespace dbha::memory
