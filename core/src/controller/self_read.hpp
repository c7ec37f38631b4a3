#pragma once
/// One look at the nodes by a controller that no detector answers. At a start it is the topology as they tell it, for
/// routing only (generation 0, no marks), which gives way to any detector's; later it is what a SelfDetection concludes
/// from.

#include <optional>
#include <set>

#include "detector/evidence.hpp"

namespace dbha {

/// Pure: views in, endpoints to ask and in the end a topology out.
class SelfRead {
 public:
  /// It ends by then, whoever has not answered.
  static constexpr Duration limit = std::chrono::seconds(3);

  SelfRead(std::vector<Endpoint> seeds, std::uint32_t partitions, Voters voters);

  /// Those not asked yet. They are then taken as asked.
  std::vector<Endpoint> to_ask();
  /// All that were asked or are known: keep connections to them.
  std::vector<Endpoint> endpoints() const { return {known_.begin(), known_.end()}; }
  void on_view(View view);
  void on_no_answer(const Endpoint& endpoint) { waiting_.erase(endpoint); }
  /// Every node that was asked has answered, or never will.
  bool finished() const { return waiting_.empty(); }
  /// What has been answered to questions asked since then. Valid as long as nothing more comes.
  Evidence evidence(TimePoint since = TimePoint::min()) const { return observations_.fresh(since); }
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
