#pragma once
/// Knows the truth and watches what dbha makes of it, step by step.

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/events.hpp>

#include "mark_history.hpp"
#include "record.hpp"
#include "violation.hpp"

namespace dbha::sim {

/// What one process spent in any one second, of what it may.
class Spending {
 public:
  explicit Spending(double allowed) : allowed_(allowed) {}
  /// Whether it still is within what is allowed.
  bool add(TimePoint now, double amount);
  void begin_anew() {
    spent_.clear();
    sum_ = 0;
  }

 private:
  double allowed_;
  double sum_ = 0;
  std::deque<std::pair<TimePoint, double>> spent_;
};

class Oracle {
 public:
  Oracle(const VirtualClock& clock, Record& record, const memory::Cluster& cluster, std::uint32_t partitions,
         std::size_t controllers, std::size_t detectors, double probe_budget);

  // ---- What a detector does
  /// `stored`: what it remembers; from here on nothing may go back.
  void detector_started(std::size_t detector, const std::shared_ptr<const Topology>& stored);
  void asked(std::size_t detector, QuestionCost cost);
  void seen(const View& view) {
    truth_.said(view);
    said_epoch(view.node, view.current_epoch);
  }
  /// A node has told a detector of the greatest epoch that it knows.
  void said_epoch(const NodeId& node, Epoch epoch);
  void published(std::size_t detector, const Topology& topology);

  // ---- What the controllers do
  void controller_started(std::size_t controller);
  void applied(std::size_t controller, const Topology& topology);
  /// A dbrestart that is due by the marks of `topology`, while `applied` is in use.
  void told(std::size_t controller, const DbRestart& event, const Topology& topology, const Topology* applied);

  // ---- At the end
  /// Every loss has led to a dbrestart at every controller, but where nobody can say who is the owner.
  void check_missed(const PartitionSet& disputed = {});

  void breach(Breach breach, std::string detail);
  const std::vector<Violation>& violations() const { return violations_; }
  std::uint64_t publications() const { return publications_; }
  std::uint64_t events() const { return events_; }

 private:
  struct Told {
    std::optional<std::size_t> mark;  ///< the newest one's place in the history
    std::optional<TimePoint> all;     ///< when it last was told to start from nothing
  };

  void check_order(const Topology& before, const Topology& after, const char* whose);
  void check_owners(const Topology& topology);
  void check_lives(const Topology& before, const Topology& topology);
  void check_majority(Partition partition, const Claim& claim);
  bool is_a_node(const NodeId& id) const;
  /// More than half of these nodes know of that epoch.
  bool have_heard(const std::set<std::size_t>& owners, Epoch epoch) const;
  void told_of(std::size_t controller, Partition partition, const Mark& mark, std::string& without_loss);

  const VirtualClock& clock_;
  Record& record_;
  const memory::Cluster& cluster_;
  std::uint32_t partitions_;
  TrueHistory truth_;
  MarkHistory marks_;
  struct Watched {
    Topology newest;  ///< published by the detector's present life, or remembered by it
    Spending commands;
    Spending bytes;
  };
  std::vector<Watched> detectors_;
  std::vector<std::vector<Claim>> claims_;  ///< of each partition, all that were ever published
  std::map<NodeId, Epoch> said_epochs_;
  std::set<NodeId> published_owners_;  ///< by the newest publication of any detector
  std::set<NodeId> former_owners_;     ///< by the one before
  std::vector<Topology> applied_;
  std::vector<std::vector<Told>> told_;  ///< controller, partition
  std::vector<Violation> violations_;
  std::uint64_t publications_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace dbha::sim
