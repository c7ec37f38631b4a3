#pragma once
/// What a controller that hears no detector concludes from its own looks at the database: by the very code that a
/// detector concludes with, so that it believes no minority, tells a reshard from a failover, and sets the marks that a
/// detector would set. It never raises a generation and never takes a turn of an epoch: both are for who looks all the
/// time and can be asked about it.

#include <memory>
#include <string>

#include "detector/detector_state.hpp"
#include "detector/loss.hpp"

namespace dbha {

/// From the loss of the detectors until one is back. Pure.
class SelfDetection {
 public:
  explicit SelfDetection(Voters voters) : voters_(voters) {}

  /// All that one look has brought. `held`: what is in use. Generation 0 stands for a topology that no detector has
  /// told: it has no marks.
  void look(const std::shared_ptr<const Topology>& held, Evidence evidence, TimePoint now, std::int64_t wall_ms);

  /// Of the newest look that a majority of the voters answered; null before the first.
  const std::shared_ptr<const Topology>& topology() const { return topology_; }
  const std::vector<NodeId>& reach() const { return reach_; }
  const std::string& trouble() const { return trouble_; }  ///< why the newest look was of no use; empty: it was

 private:
  Voters voters_;
  std::shared_ptr<const Topology> topology_;
  MarkMemory memory_;
  LossWatch losses_;
  std::vector<NodeId> reach_;
  std::string trouble_;
};

}  // namespace dbha
