#pragma once
/// What truly happened to the partitions and the nodes, in the order in which it happened.

#include <map>
#include <set>
#include <vector>

#include "model/cluster.hpp"

namespace dbha::sim {

class TrueHistory {
 public:
  TrueHistory(const memory::Cluster& cluster, std::uint32_t partitions, TimePoint now);

  /// Takes over what has happened since the last time.
  void catch_up(TimePoint now);
  /// What a node said of itself.
  void said(const View& view);

  /// A change of a partition that may have lost writes.
  struct Loss {
    TimePoint at;
    NodeId before;
    bool assigned = false;  ///< an operator took it from one owner and gave it to another (DELSLOTS, ADDSLOTS)
  };
  const std::vector<Loss>& losses(Partition partition) const { return losses_[partition.value]; }
  /// When it last moved with its data, if ever.
  std::optional<TimePoint> last_reshard(Partition partition) const;
  /// Truly, or by its own word: two nodes may both say so for a moment, and only one of them is right.
  bool ever_owned(Partition partition, const NodeId& node) const { return owners_[partition.value].contains(node); }
  /// With that loss the partition left its owner, or came back to it, within a moment, and the owner has lived one life
  /// with one stream of writes ever since: it lost nothing, cannot know that another one was taken for the owner, and
  /// nobody who asks every few milliseconds sees it. Or it left it for one that was cut off with the same epoch, until
  /// all others forgot that one.
  bool unbroken(Partition partition, const Loss& loss) const;
  static constexpr Duration moment = std::chrono::milliseconds(50);
  /// When the node last became an owner by a failover.
  std::optional<TimePoint> promoted(const NodeId& node) const;
  /// The how-manieth life of the node this is, nothing if it never had it.
  std::optional<std::size_t> life(const NodeId& node, const RunId& run_id) const;

 private:
  bool is_gone(const NodeId& node) const;
  void lived(const NodeId& node, const RunId& run_id);
  void wrote(const NodeId& node, const RunId& run_id, const ReplId& replid, TimePoint now);
  void take(const memory::TrueChange& change);

  const memory::Cluster& cluster_;
  std::size_t taken_ = 0;
  std::vector<std::vector<Loss>> losses_;
  std::vector<std::optional<TimePoint>> reshards_;
  std::vector<std::set<NodeId>> owners_;
  std::map<NodeId, std::vector<RunId>> lives_;
  std::map<NodeId, NodeReport> said_;
  std::map<NodeId, TimePoint> promoted_;
  struct Stream {
    RunId run_id;
    ReplId replid;
    TimePoint since;
  };
  std::map<NodeId, Stream> streams_;
};

}  // namespace dbha::sim
