#pragma once
/// What the detector has in hand when it decides: each node's own latest words, as long as they are fresh. Pure values.

#include <map>
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

/// The fresh answers at one moment. Points into Observations; valid until that changes.
struct Evidence {
  std::map<NodeId, const View*> views;
  std::map<NodeId, EpochWord> words;

  const View* of(const NodeId& id) const;
  /// The node says of itself that it serves as primary.
  bool serves(const NodeId& id) const;
  /// A node with a fresh answer that says primary and claims a partition in its own view.
  bool answering_primary(const NodeId& id) const;
};

/// What the view says of one node, nullptr if it does not list it.
const NodeReport* report_on(const View& view, const NodeId& id);
/// What the node says of itself.
const NodeReport& self_report(const View& view);
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
  void clear() { nodes_.clear(); }
  void forget(const NodeId& id) { nodes_.erase(id); }
  Evidence fresh(TimePoint since) const;
  const View* latest(const NodeId& id) const;

 private:
  struct Said {
    std::optional<View> view;
    EpochWord word;
  };
  std::map<NodeId, Said> nodes_;
};

}  // namespace dbha
