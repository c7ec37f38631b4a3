#pragma once
/// What befalls the nodes of the database. A fault is caused only where the database can outlive it as a whole: never
/// two nodes of a shard at once, never a majority of the primaries. Anything else would test the model.

#include "site.hpp"

namespace dbha::sim {

class NodeFaults {
 public:
  NodeFaults(Site& site, const Shape& shape);

  /// False where it is not possible at any node now.
  bool cause(const Fault& fault);
  /// Ends all that lasts.
  void heal();
  /// Nothing of what was begun is still to come.
  bool over() const { return restarting_.empty() && !unowned_; }

 private:
  using Index = std::size_t;

  bool cause_at(Index node, const Fault& fault);
  bool try_at(Index node, const Fault& fault);
  bool kill(Index node, const Fault& fault);
  bool restart(Index node, const Fault& fault);
  bool fail_over(Index node, const Fault& fault, memory::FailoverMode mode);
  bool reshard(Index from, const Fault& fault);
  bool stop(Index node, const Fault& fault);
  bool add_replica(Index primary, const Fault& fault);
  bool isolate(Index node, const Fault& fault);
  bool hide(Index node, const Fault& fault);
  bool stale_view(Index node, const Fault& fault);
  bool whole_outage(const Fault& fault);
  // node_operators.cpp
  bool cause_by_operator(Index node, const Fault& fault);
  bool bump(Index node, const Fault& fault);
  bool isolated_bump(Index node, const Fault& fault);
  bool forget(Index node, const Fault& fault);
  void disown_replaced(Index node, const Fault& fault);
  bool reset(Index node, const Fault& fault);
  void follow_again(Index node);
  bool take_slots(Index node, const Fault& fault);
  void give_slots(Index preferred);
  bool readdress(Index node, const Fault& fault);
  bool rebuild(const Fault& fault);

  bool well(Index node) const;
  bool shard_is_well(std::size_t shard) const;
  /// Whether the node may fail, for a while or for good, and the rest goes on.
  bool spare(Index node) const;
  bool owns(Index node) const;
  std::vector<Partition> owned(Index node) const;
  std::size_t owners() const;
  void impair(Index node);
  void mend(Index node);
  bool note(const Fault& fault, const std::string& what);
  std::string name(Index node) const;

  Site& site_;
  std::size_t shards_;
  std::uint32_t partitions_;
  std::vector<std::size_t> shard_of_;  ///< of each node; a node does not leave its shard
  std::set<Index> impaired_;
  std::set<Index> isolated_;
  std::set<Index> hidden_;
  std::set<Index> frozen_;
  std::set<Index> restarting_;
  std::optional<PartitionRange> unowned_;  ///< taken by DELSLOTS, and nobody's yet
  TimePoint moved_by_;                     ///< the newest reshard is over then
};

}  // namespace dbha::sim
