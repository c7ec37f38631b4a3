#pragma once
/// Every mark that was ever published, partition by partition, and whether a loss of writes stands behind it.

#include <string>
#include <utility>
#include <vector>

#include "true_history.hpp"

namespace dbha::sim {

class MarkHistory {
 public:
  struct Known {
    Mark mark;
    TimePoint published;       ///< for the first time
    std::string without_loss;  ///< why no loss stands behind it; empty if one does
  };

  MarkHistory(const TrueHistory& truth, std::uint32_t partitions, std::size_t detectors);

  void detector_started(std::size_t detector, TimePoint now) {
    detector_started_ = now;
    again_ |= std::exchange(newest_[detector].started, true);
  }
  void published(std::size_t detector, const PartitionMap<Mark>& marks, TimePoint now);
  /// The place of this mark among the partition's, nothing if it was never published.
  std::optional<std::size_t> find(Partition partition, const Mark& mark) const;
  /// Why no loss stands behind any of the marks after `told` up to this one; empty if one does.
  std::string without_loss(Partition partition, std::optional<std::size_t> told, std::size_t place) const;
  const Known& at(Partition partition, std::size_t place) const { return known_[partition.value][place]; }

 private:
  /// The same mark again after another one is another event; one that another detector has published already is not.
  void learn(Partition partition, const Mark* before, const Mark& mark, TimePoint now);
  void complete(Partition partition, const Mark& mark);
  bool take_loss(Partition partition, TimePoint now);
  std::string why_none(Partition partition, const Mark& mark, TimePoint now) const;

  const TrueHistory& truth_;
  TimePoint detector_started_;
  bool again_ = false;  ///< one of them started anew
  TimePoint looked_;    ///< when anything was published last
  struct Newest {
    PartitionMap<Mark> marks;
    bool started = false;
  };
  std::vector<Newest> newest_;  ///< of each detector
  std::vector<std::vector<Known>> known_;
  std::vector<std::size_t> losses_taken_;  ///< of each partition: those that a mark stands for already
};

}  // namespace dbha::sim
