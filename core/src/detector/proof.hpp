#pragma once
/// Who bears a claim out: the nodes and the epochs that a decision counted. They are gathered by the very counting that
/// decides, so that what is told of a decision cannot differ from its reasons.

#include <optional>
#include <vector>

#include "detector/candidate.hpp"

namespace dbha {

/// A node and the epoch that it shows.
struct Showing {
  NodeId node;
  Epoch epoch;
  friend bool operator==(const Showing&, const Showing&) = default;
};

/// Who was counted. Points into the evidence and the candidate, because most of what is counted is never told.
struct Counted {
  const NodeId* node;
  Epoch epoch;
};
using Count = std::vector<Counted>;

/// What is told of those who were counted: of many only the first few by name.
struct Voices {
  static constexpr std::size_t named_at_most = 9;
  std::size_t count = 0;
  std::vector<Showing> some;  ///< sorted by node
  friend bool operator==(const Voices&, const Voices&) = default;
};
Voices voices_of(Count count);

/// How a claim came to be published: announced by its owner with the election's trace at a majority, or confirmed by a
/// majority that names it (R1); overruled, though it loses against what was published (R5); or learnt from other
/// detectors (R4).
enum class Road { announced, confirmed, overruled, learnt };
inline const char* text_of(Road road) {
  static constexpr const char* names[] = {"announced", "confirmed", "overruled", "learnt"};
  return names[static_cast<int>(road)];
}

/// What was looked at before the decision fell; what it did not need is empty.
struct Proof {
  std::size_t voters = 0;        ///< of whom a majority decides
  std::optional<Showing> owner;  ///< its own word, if it serves and claims the partitions
  Voices heard;                  ///< voters whose current epoch reaches the claim's
  Voices named;                  ///< voters that name the owner (show the partitions unassigned, if there is none)
  Voices contested;              ///< others that claim partitions at the same epoch
  friend bool operator==(const Proof&, const Proof&) = default;
};

/// The owner's own word on the partition; nothing unless it answers as a serving primary and claims it.
std::optional<Showing> own_word(Partition p, const NodeId& owner, const Evidence& evidence);
Count voters_that_heard(Epoch epoch, const Candidate& candidate, const Evidence& evidence);
/// Each with the epoch that it gives the owner, by its own answer to a question asked since then.
Count voters_that_name(Partition p, const NodeId& owner, const Candidate& candidate, const Evidence& evidence,
                       const std::vector<Saying>& sayings, TimePoint asked_after);
Count voters_that_show_unowned(Partition p, const Candidate& candidate, const Evidence& evidence,
                               TimePoint asked_after);

}  // namespace dbha
