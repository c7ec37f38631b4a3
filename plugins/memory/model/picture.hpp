#pragma once
/// What one node believes of all of them. It survives the node's death, as nodes.conf does.

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <dbha/topology.hpp>

namespace dbha::memory {

/// Which node: its place in Cluster's numbering.
using Index = std::uint32_t;
inline constexpr Index nobody = UINT32_MAX;

/// What a node knows of one node, which may be itself.
struct Known {
  Role role = Role::primary;
  Index primary = nobody;  ///< of a replica
  Epoch epoch;             ///< configEpoch; of a replica, its primary's, as in Redis
  bool suspected = false;  ///< PFAIL: it does not answer me
  bool failed = false;     ///< FAIL: a majority says so
  TimePoint failed_at{};
  std::map<Index, TimePoint> suspected_by;  ///< primaries that said so, and when
  std::optional<TimePoint> pinged;          ///< since when it owes an answer
  TimePoint heard{};
  TimePoint voted{};                               ///< when I last voted for one of its replicas
  TimePoint news_from{};                           ///< my messages reach it in order, and none before this
  std::pair<std::uint64_t, std::uint64_t> heeded;  ///< its version and mine when I last had nothing new from it

  bool failing() const { return suspected || failed; }
};

/// One table of owners for all partitions, as server.cluster->slots in Redis: a partition has one owner at most.
struct Picture {
  std::map<Index, Known> nodes;
  PartitionMap<Index> owners;
  Epoch current_epoch;

  Known* find(Index node);
  const Known* find(Index node) const;
  PartitionSet owned_by(Index node) const;
  bool owns(Index node) const;
  /// The owners, each once: the cluster's "size" in Redis.
  std::vector<Index> owning() const;
  /// How many of them must agree.
  std::size_t majority() const { return owning().size() / 2 + 1; }
  /// The greatest epoch seen anywhere.
  Epoch greatest_epoch() const;

  void assign(const PartitionSet& partitions, Index to);
  void release(const PartitionSet& partitions);
};

/// What a node says of itself, or of its primary if it is a replica, and whom it suspects. Immutable, shared by all
/// messages until it changes.
struct Announcement {
  Index from = nobody;
  std::uint64_t version = 0;  ///< of the sender's picture
  Epoch current_epoch;
  Epoch epoch;
  Role role = Role::primary;
  Index primary = nobody;
  PartitionSet claims;
  std::vector<Index> failing;
  std::vector<Index> members;

  /// Who owns the claims.
  Index claimant() const { return role == Role::primary ? from : primary; }
};

Announcement announce(Index self, const Picture& picture, std::uint64_t version);

/// Those of the claimed partitions that go to the claimant: nobody owns them, or someone with a lower epoch does.
PartitionSet won_by(const Picture& picture, Index claimant, Epoch epoch, const PartitionSet& claims);
/// The first owner with a higher epoch of a partition that the announcement claims.
std::optional<Index> contradicted_by(const Picture& picture, const Announcement& said);

PartitionSet intersection(const PartitionSet& a, const PartitionSet& b);
PartitionSet set_of(PartitionRange range);
std::vector<PartitionRange> ranges_of(const PartitionSet& partitions);

}  // namespace dbha::memory
