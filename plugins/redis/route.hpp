#pragma once
/// Which node a partition's calls go to: the topology, and what single replies said since.

#include <memory>
#include <optional>
#include <vector>

#include <dbha/topology.hpp>

namespace dbha::redis {

/// A value: no I/O, no clock. MOVED is believed at once, but only provisionally, because the node that says it may be
/// the one that is behind: the next topology that knows better wins.
class Route {
 public:
  /// Where to send calls for the partition; nullptr: nobody is known to own it. Valid until the route changes.
  const Endpoint* target(Partition slot) const;

  /// Takes a topology. A provisional route ends where the topology bears a higher claim than the one it corrected, and
  /// everywhere when the generation changes; "owner unknown" ends with any topology.
  void apply(std::shared_ptr<const Topology> topology);

  /// `from` has answered MOVED. The slot goes to `to`, or all that went to `from` if `to` is its known replica: that
  /// was a failover, and each other slot would cost a call of its own to find out. Nothing changes if the slot does
  /// not go to `from` any more: a late answer of a former owner is old news. True if the route changed.
  bool moved(Partition slot, const Endpoint& from, const Endpoint& to);

  /// `from` has answered READONLY: it does not own what it is asked for, and does not say who does. True if the route
  /// changed.
  bool disowned(Partition slot, const Endpoint& from);

  /// No connection to the node can be had: provisional routes to it end. A topology's own routes stay.
  /// True if the route changed.
  bool unreachable(const Endpoint& node);

  /// Ends "owner unknown" for the slot, so that the topology's owner is asked again.
  void reconsider(Partition slot);

  /// The nodes that own partitions in the topology.
  const std::vector<Endpoint>& owners() const { return owners_; }
  /// Whether any partition goes to the node.
  bool uses(const Endpoint& node) const;
  /// Who listens there by the topology; empty if unknown.
  NodeId node_at(const Endpoint& endpoint) const;
  const Topology* topology() const { return topology_.get(); }

 private:
  struct Provisional {
    std::optional<Endpoint> to;  // nothing: unknown
    Epoch epoch;                 // of the claim that it corrects
    std::uint32_t turn = 0;
    friend bool operator==(const Provisional&, const Provisional&) = default;
  };

  const Endpoint* owner(Partition slot) const;
  Provisional correction(const Claim* claim, std::optional<Endpoint> to) const;
  bool is_replica(const Endpoint& replica, const Endpoint& primary) const;
  template <class T, class Keep>
  bool keep_if(const PartitionMap<T>& beside, Keep keep);

  std::shared_ptr<const Topology> topology_;
  std::vector<Endpoint> owners_;
  PartitionMap<Provisional> provisional_;
};

}  // namespace dbha::redis
