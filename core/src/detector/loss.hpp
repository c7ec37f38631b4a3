#pragma once
/// What a change lost, learnt from what the two nodes say of their streams of writes once the old owner follows the
/// new one: some 40 ms after a failover that left both alive, much later or never after others.
///
/// Redis keeps, beside its stream (master_replid), the one that it followed before (master_replid2) and the first byte
/// of it that it does not have (second_repl_offset). `none` is said only where nothing else is possible:
/// * the mark is a failover to another node, which still writes the stream of the mark;
/// * before that it followed the very stream that the old owner wrote when it was last seen as a primary. An older one
///   does not do: A -> B -> C within one look shows the same master_replid2 at A and C and hides what A -> B lost;
/// * the old owner, in the same life (a restart reads the offset of its last dump, which is lower than what it had
///   acknowledged), follows the new one, came from that same stream, and had no byte of it that the new one has not.
/// `possible` is said where the old owner was seen further than the new one was when it was promoted, where it had to
/// throw away its data to follow (it had diverged), where it comes back in another life, and after a restart in place.

#include <map>
#include <optional>
#include <vector>

#include "detector/evidence.hpp"

namespace dbha {

/// How far a primary was last seen to have written its stream.
struct Written {
  RunId run_id;
  ReplId replid;
  std::int64_t offset = -1;
};

/// A mark's loss, and the offsets where they are known.
struct LossVerdict {
  Loss loss = Loss::unknown;
  std::int64_t old_offset = -1;
  std::int64_t new_offset = -1;
};

/// `before`: what the old owner wrote before the change. Either view may be missing.
LossVerdict judge_loss(const Mark& mark, const Written& before, const View* old_owner, const View* owner);

/// The marks of which a loss may still become known. Pure; what it remembers is not stored: without the offsets of
/// before a change nothing can be proven, and its loss stays unknown.
class LossWatch {
 public:
  /// The marks with all that is known now. `before`: the marks published until now.
  PartitionMap<Mark> learn(const PartitionMap<Mark>& marks, const PartitionMap<Mark>& before, const Evidence& evidence,
                           TimePoint now);
  /// The nodes whose views would decide now; then they are taken as asked. Soon after the change, and ever more rarely.
  std::vector<NodeId> wanted(TimePoint now);

 private:
  struct Open {
    Mark mark;
    Written before;
    TimePoint since;
    TimePoint asked;
  };
  void open(const PartitionMap<Mark>& marks, const PartitionMap<Mark>& before, TimePoint now);
  void note(const Evidence& evidence);
  Open* of(const Mark& mark);

  std::map<NodeId, Written> written_;
  std::vector<Open> open_;
};

}  // namespace dbha
