#pragma once
/// Where to look, and how closely. What a hint, a role or a silence makes suspect, whom to ask again while a change is
/// seen and not yet borne out, and when a suspicion is over. Owns the Prober, whose budget bounds all of it. Pure: it
/// decides nothing about who owns what.

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "detector/prober.hpp"
#include "detector/publication.hpp"
#include "detector/reshard.hpp"

namespace dbha {

class Lookout {
 public:
  Lookout(ProbeSettings settings, Prober::Cost cost);

  Prober& prober() { return prober_; }
  const Prober& prober() const { return prober_; }

  void on_hint(const Hint& hint, const Topology* published, TimePoint now);
  /// The role differs from what the node's last view says.
  void on_role(const RoleAnswer& answer, const Observations& said, const Topology* published, TimePoint now);
  /// Its view has changed since it was asked for: at once if it claims something, in its turn if it heard of something.
  void on_epoch(const EpochAnswer& answer, const Observations& said);
  void on_no_answer(const Endpoint& endpoint, const Observations& said, const Topology* published, TimePoint now);

  /// What an evaluation has left open, and who votes. Asks at once about what is new of it.
  void concluded(const std::set<NodeId>& voters, const std::vector<Withheld>& withheld,
                 const PartitionMap<PendingReshard>& pending, const Evidence& seen, TimePoint now);
  /// An answer that says nothing new decides all the same: that it was given after the change is what was waited for.
  bool awaits(const NodeId& node) const;
  /// Asks again about what is open.
  void look_closer(TimePoint now);

  /// Asks these nodes before everything else.
  void ask_for_views(const std::vector<NodeId>& nodes);

  /// A suspicion ends when the shard's partitions have found their owner: another node, or the same one in an answer
  /// asked for since.
  void clear_suspicions(const Evidence& seen, const Topology* published);

  /// Whom to ask from now on; the endpoints to keep connections to, if they have changed.
  std::optional<std::vector<Endpoint>> set_targets(std::vector<Target> targets);
  const Target* target(const Endpoint& endpoint) const;
  const Target* target(const NodeId& id) const;

 private:
  /// What is open: a claim that is not borne out yet, or the word of an old owner. Each has pauses of its own: a chain
  /// of reshards would otherwise have its last link wait as long as if it had stood since the first.
  struct Matter {
    NodeId asked;     ///< whose view decides
    Epoch epoch;      ///< of a claim
    TimePoint since;  ///< of a reshard
    friend auto operator<=>(const Matter&, const Matter&) = default;
  };
  struct Looks {
    TimePoint begun;
    TimePoint last;
  };

  void suspect(const NodeId& shard, const Topology* published, TimePoint now);
  /// Only a voter that shows less than this epoch has anything new to say.
  void ask_voters_below(Epoch epoch);
  void ask_voters(Question question);
  void ask_shard(const NodeId& shard, Question question);

  Prober prober_;
  std::set<NodeId> voters_;
  std::set<NodeId> awaited_;  ///< the old owners of what may be a reshard
  std::map<Matter, Looks> open_;
  std::map<NodeId, Epoch> heard_;  ///< the greatest epoch that each voter has shown
};

}  // namespace dbha
