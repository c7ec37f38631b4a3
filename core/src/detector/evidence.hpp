#pragma once
/// What the detector has in hand when it decides: each node's own latest words, as long as they are fresh. Pure values.

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/topology.hpp>

namespace dbha {

/// A node's word on itself and on the epochs: from a view, or newer from the cheap question.
struct EpochWord {
  TimePoint asked;
  bool ok = false;
  Epoch current_epoch;
};

/// What a view says, apart from who says it. Most nodes say the same, and that is weighed once for all of them.
struct Chart {
  std::vector<NodeReport> nodes;  ///< sorted by id
  PartitionMap<Claim> claims;
  const NodeReport* report_on(const NodeId& id) const;
};
std::shared_ptr<const Chart> chart_of(const View& view);

/// From when on the answers count.
struct Freshness {
  TimePoint views;          ///< of primaries
  TimePoint replica_views;  ///< of the others
  TimePoint words;          ///< a view counts only as long as its node gives any sign of life
};

/// The fresh answers at one moment. Points into Observations; valid until that changes.
struct Evidence {
  std::map<NodeId, const View*> views;
  std::map<NodeId, EpochWord> words;
  std::map<NodeId, std::shared_ptr<const Chart>> charts;  ///< of the views; those that are missing are made

  const View* of(const NodeId& id) const;
  /// The node says of itself that it serves as primary.
  bool serves(const NodeId& id) const;
  /// A node with a fresh answer that says primary and claims a partition in its own view.
  bool answering_primary(const NodeId& id) const;
};

/// Who says the same.
struct Saying {
  std::shared_ptr<const Chart> chart;
  std::vector<NodeId> by;
};
std::vector<Saying> sayings_of(const Evidence& evidence);

/// What the view says of one node, nullptr if it does not list it.
const NodeReport* report_on(const View& view, const NodeId& id);
/// What the node says of itself.
const NodeReport& self_report(const View& view);
/// The node itself says that it owns the partition.
bool claims(const View& own, Partition p);
/// The view's map: who owns which partition, at which epoch.
PartitionMap<Claim> claims_in(const View& view);
/// Equal but for the times: nothing to decide anew.
bool same_content(const View& a, const View& b);

/// Keeps the latest answer of each node. A reply to an older question never replaces that to a newer one.
class Observations {
 public:
  /// Whether it says anything that the view before it did not.
  bool take(View view);
  bool take(const EpochAnswer& answer);
  /// The node has said something that bears no view: it lives.
  void heard(const NodeId& node, TimePoint asked);
  /// The node's map has changed since its view was asked for.
  bool outdated(const NodeId& node) const;
  void clear() { nodes_.clear(); }
  void forget(const NodeId& id) { nodes_.erase(id); }
  Evidence fresh(const Freshness& since) const;
  Evidence fresh(TimePoint since) const { return fresh(Freshness{since, since, since}); }
  const View* latest(const NodeId& id) const;

 private:
  struct Said {
    std::optional<View> view;
    std::shared_ptr<const Chart> chart;  ///< of the view
    EpochWord word;
    TimePoint heard;  ///< when the newest question left that it answered
    Epoch own_epoch;  ///< of the newest cheap answer, with
    std::uint64_t known_nodes = 0;
    TimePoint changed;  ///< when a cheap answer was last asked for that differed from the one before
  };
  std::shared_ptr<const Chart> shared_chart(const View& view);

  std::map<NodeId, Said> nodes_;
  std::multimap<std::size_t, std::weak_ptr<const Chart>> charts_;  ///< by a hash of what they say
};

}  // namespace dbha
