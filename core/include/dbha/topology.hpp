#pragma once
/// What the parts of dbha say to each other about a database: views (what one node says), topologies (what the detector
/// concludes), and the claims and marks they are made of. Plain values: no I/O, no clock, any thread.

#include <cstdint>
#include <string>
#include <vector>

#include <dbha/partition_map.hpp>
#include <dbha/types.hpp>

namespace dbha {

enum class Role { unknown, primary, replica };

/// Why acknowledged writes may be gone.
enum class Cause { failover, restart, overruled, start, manual };

/// What is known of the writes that a change may have lost.
enum class Loss {
  unknown,
  none,      ///< the new owner had all that the old one had acknowledged
  possible,  ///< it had less, or nobody can tell any more
};

/// A member of the database as the topology knows it.
struct Node {
  NodeId id;
  Endpoint endpoint;
  Role role = Role::unknown;
  NodeId primary;                   ///< whom a replica follows
  RunId run_id;                     ///< its present life
  std::vector<RunId> predecessors;  ///< the lives before it, newest first, at most max_predecessors
  ReplId replid;                    ///< of a primary: its stream of writes; empty on a replica
  friend bool operator==(const Node&, const Node&) = default;
};

/// Incarnations are ordered by succession, never by a clock: a clock that steps back must not hide a restart (C3).
inline constexpr std::size_t max_predecessors = 8;

/// "This node owns the partition", with the epoch that orders claims. An empty owner is a claim too: nobody owns it.
/// `turn` orders claims of one epoch: it rises when a confirmed "nobody" or a return follows at the same epoch (C15).
struct Claim {
  Epoch epoch;
  std::uint32_t turn = 0;
  NodeId owner;
  friend bool operator==(const Claim&, const Claim&) = default;
};

/// The newest change of a partition that may have lost acknowledged writes. (epoch, count, owner, replid) are its
/// identity and its order; the rest tells a handler more, and what is learnt of it later makes no other event of it.
struct Mark {
  Epoch epoch;
  std::uint32_t count = 0;
  NodeId owner;
  ReplId replid;  ///< empty until the owner has said it
  Cause cause = Cause::start;
  NodeId old_owner;
  std::int64_t last_healthy_ms = 0;  ///< wall clock, ms since 1970, when the shard was last seen healthy; 0: never
  Loss loss = Loss::unknown;         ///< known some 40 ms later than the change, if ever
  std::int64_t old_offset = -1;      ///< in bytes of the old owner's stream: how far that went; -1: not known
  std::int64_t new_offset = -1;      ///< how much of it the new owner had
  friend bool operator==(const Mark&, const Mark&) = default;
};

/// What the detector concludes. Controllers act on nothing else.
struct Topology {
  std::uint64_t generation = 0;  ///< 0: read by a controller itself: routes only
  std::uint32_t partitions = 0;  ///< how many partitions the database has
  std::vector<Node> nodes;       ///< sorted by id
  PartitionMap<Claim> claims;
  PartitionMap<Mark> marks;

  /// The member with that id, nullptr if there is none.
  const Node* node(const NodeId& id) const;
  /// The primary that owns the partition, nullptr if nobody does.
  const Node* owner(Partition p) const;
  /// The greatest epoch of all claims.
  Epoch epoch() const;
  /// How many partitions an owner has been published for.
  std::uint64_t covered() const;
  friend bool operator==(const Topology&, const Topology&) = default;
};

inline const Node* Topology::node(const NodeId& id) const {
  auto it = std::partition_point(nodes.begin(), nodes.end(), [&](const Node& n) { return n.id < id; });
  return it != nodes.end() && it->id == id ? &*it : nullptr;
}

inline const Node* Topology::owner(Partition p) const {
  const Claim* claim = claims.find(p);
  return claim && !claim->owner.empty() ? node(claim->owner) : nullptr;
}

inline Epoch Topology::epoch() const {
  Epoch greatest;
  for (const auto& entry : claims) greatest = std::max(greatest, entry.value.epoch);
  return greatest;
}

inline std::uint64_t Topology::covered() const {
  std::uint64_t n = 0;
  for (const auto& entry : claims) n += entry.value.owner.empty() ? 0 : entry.range.size();
  return n;
}

/// Names one topology: generation, greatest epoch and digest of the content. Shown as g1.e42.7f3ac1.
struct Version {
  std::uint64_t generation = 0;
  Epoch epoch;
  std::uint64_t digest = 0;  ///< computed by the publisher; receivers compare it and never compute it again

  /// "g1.e42.7f3ac1"; the digest is shortened to its first six hexadecimal digits.
  std::string text() const;
  bool known() const { return generation != 0 || digest != 0; }
  friend bool operator==(const Version&, const Version&) = default;
};

inline std::string Version::text() const {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "g" + std::to_string(generation) + ".e" + std::to_string(epoch.value) + ".";
  for (int shift = 60; shift >= 40; shift -= 4) out += hex[(digest >> shift) & 0xF];
  return out;
}

/// What one node says of another (or of itself) in a view.
struct NodeReport {
  NodeId id;
  Endpoint endpoint;  ///< an empty host means: the host that answered (the source fills it in)
  Role role = Role::unknown;
  NodeId primary;  ///< of a replica
  Epoch epoch;     ///< configEpoch: what orders its claims
  std::vector<PartitionRange> owns;
  bool failing = false;  ///< the answering node believes it has failed
  friend bool operator==(const NodeReport&, const NodeReport&) = default;
};

/// What ONE node of the database said at one moment: of itself first, then of all the nodes it knows, itself included.
struct View {
  NodeId node;
  Endpoint endpoint;  ///< where it was asked
  TimePoint asked;    ///< when the request left: an answer is as old as its question
  TimePoint answered;
  Role role = Role::unknown;
  bool ok = false;      ///< it says that it serves (cluster_state:ok)
  Epoch current_epoch;  ///< the greatest epoch it has heard of
  RunId run_id;
  ReplId replid;           ///< of its present stream of writes; of a replica: its primary's
  ReplId previous_replid;  ///< master_replid2: what it followed before its promotion
  std::int64_t replication_offset = -1;
  std::int64_t previous_offset = -1;  ///< second_repl_offset
  std::vector<NodeReport> nodes;
};

/// One change between two topologies.
enum class ChangeKind { failover, restart, reshard, membership, address, generation, uncovered };

struct Change {
  ChangeKind kind;
  PartitionSet partitions;  ///< concerned; empty for membership and address
  NodeId before;            ///< the owner, or the node concerned
  NodeId after;
  friend bool operator==(const Change&, const Change&) = default;
};

/// What differs between two topologies, in the words of an operator.
struct TopologyDiff {
  std::vector<Change> changes;
  bool empty() const { return changes.empty(); }
};

}  // namespace dbha
