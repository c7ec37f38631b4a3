#pragma once
/// The topology as the nodes themselves tell it, for a controller that no detector answers: it is read once, serves for
/// routing only (generation 0, no marks), and gives way to any detector's.

#include <optional>
#include <set>

#include "detector/evidence.hpp"

namespace dbha {

/// Pure: views in, endpoints to ask and in the end a topology out.
class SelfRead {
 public:
  SelfRead(std::vector<Endpoint> seeds, std::uint32_t partitions, Voters voters);

  /// Those not asked yet. They are then taken as asked.
  std::vector<Endpoint> to_ask();
  /// All that were asked or are known: keep connections to them.
  std::vector<Endpoint> endpoints() const { return {known_.begin(), known_.end()}; }
  void on_view(View view);
  void on_no_answer(const Endpoint& endpoint) { waiting_.erase(endpoint); }
  /// Every node that was asked has answered, or never will.
  bool finished() const { return waiting_.empty(); }
  /// The candidate of what has been answered; nothing if no node answered.
  std::optional<Topology> result() const;

 private:
  std::uint32_t partitions_;
  Voters voters_;
  std::set<Endpoint> known_;
  std::set<Endpoint> asked_;
  std::set<Endpoint> waiting_;
  Observations observations_;
};

}  // namespace dbha
