#pragma once
/// The controller as one pure state machine: what comes from the bus goes in, with the time; what to apply, to ask for
/// and to tell comes out. Apply first, then emit: no event leaves before the connections it needs are in place.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <dbha/events.hpp>

#include "controller/look_schedule.hpp"
#include "controller/self_detection.hpp"
#include "controller/self_read.hpp"
#include "topology/feed.hpp"

namespace dbha {

/// `on_detector_loss = "self_detect"`.
struct SelfDetectSettings {
  LookSettings looks;
  std::function<QuestionCost(std::size_t nodes)> cost;  ///< of one look at that many nodes
  Voters voters = Voters::owners;
};

struct ControllerSettings {
  std::string name;
  std::string cluster;
  std::size_t detectors = 0;
  std::uint64_t seed = 0;  ///< of the jitter
  /// How long the first detector may take before the controller reads the topology itself, once.
  Duration self_read_after = std::chrono::seconds(2);
  std::optional<SelfDetectSettings> self_detect{};  ///< none: without a detector it keeps its last topology
};

/// Carry out with Database::apply, and come back with on_applied(serial).
struct ApplyOrder {
  std::uint64_t serial = 0;
  std::shared_ptr<const Topology> topology;
  PartitionSet marked;
};

/// The applied topology's marks are to be compared with what each handler has handled.
struct MarksApplied {
  std::shared_ptr<const Topology> topology;
  bool partial = false;
};

/// A detector that lost its store asks for what this controller holds (R3).
struct EnvelopeDue {
  std::string detector;
  Publication publication;
};

struct ControllerOutput {
  std::optional<ApplyOrder> apply;
  std::optional<MarksApplied> marks;
  std::vector<Event> events;  ///< all but dbrestart
  std::vector<Ack> acks;      ///< `pending` is the caller's to fill in
  std::vector<EnvelopeDue> envelopes;
  std::vector<std::size_t> requests;
  bool read_topology = false;                 ///< no detector answers: ask the database once
  std::optional<std::vector<Endpoint>> look;  ///< ask these nodes, or the seeds if empty; on_look() with the answers
};

class ControllerState {
 public:
  ControllerState(ControllerSettings settings, TimePoint now);

  ControllerOutput on_publication(const Publication& publication, TimePoint now);
  ControllerOutput on_beat(const Beat& beat, TimePoint now);
  ControllerOutput on_snapshot(std::size_t index, const Snapshot& snapshot, TimePoint now);
  ControllerOutput on_snapshot_refused(std::size_t index, Duration retry_after, TimePoint now);
  /// What the database said when it was asked once; generation 0, no marks. Any detector's topology replaces it.
  ControllerOutput on_self_read(Topology topology, TimePoint now);
  /// What a look has brought, with the wall clock; if a detector has been heard meanwhile it is of no use.
  ControllerOutput on_look(const SelfRead& read, TimePoint now, std::int64_t wall_ms);
  /// Whether this order is the newest one: the end of any other means nothing any more.
  bool awaits(std::uint64_t serial) const { return serial == serial_; }
  ControllerOutput on_applied(std::uint64_t serial, const Applied& applied, TimePoint now);
  /// Each 10 to 100 ms.
  ControllerOutput on_tick(TimePoint now);

  /// The topology in use, and the version an operator sees; null and unknown before the first.
  std::shared_ptr<const Topology> applied() const { return applied_; }
  const Version& version() const { return applied_version_; }
  bool stale() const { return stale_; }
  std::optional<Duration> age(TimePoint now) const { return feed_.age(now); }
  const Feed& feed() const { return feed_; }
  /// Of the looks at the database; only with self_detect.
  struct Looks {
    bool looking = false;  ///< no detector is heard, or the one that is back has not seen all that was concluded here
    std::uint64_t count = 0;
    Duration interval{};
    std::string trouble;  ///< why the newest one was of no use; empty: it was
  };
  Looks looks() const;
  /// What acks say now: each detector's latest topology that is part of the applied one.
  const std::vector<Ack>& acks() const { return acks_; }

 private:
  void rejoin(ControllerOutput& out, TimePoint now);
  Topology joined(TimePoint now);
  QuestionCost look_cost() const;
  void look(ControllerOutput& out, TimePoint now);
  void yield(ControllerOutput& out, TimePoint now);
  void order(ControllerOutput& out, Topology topology);
  void check_freshness(ControllerOutput& out, TimePoint now);
  void ask(ControllerOutput& out, TimePoint now);
  void keep(const Publication& publication);
  void greet(const Stamp& stamp, TimePoint now);
  void greet_from(TimePoint begin);
  void give_envelope(ControllerOutput& out, const Beat& beat, TimePoint now);
  std::vector<Ack> held() const;

  ControllerSettings settings_;
  Feed feed_;
  TimePoint patient_from_;                  ///< without any detector the topology is read self_read_after later
  std::shared_ptr<const Topology> told_;    ///< what the detectors said, joined; null before the first
  std::shared_ptr<const Topology> target_;  ///< being applied, or applied: with what was concluded here
  Version target_version_;
  std::vector<Ack> target_acks_;
  std::uint64_t serial_ = 0;
  std::shared_ptr<const Topology> applied_;
  Version applied_version_;
  std::vector<Ack> acks_;
  // What a detector without memory needs to know of the fleet (R3).
  std::optional<Publication> kept_;  ///< the last one accepted that contains all that the one before did
  std::set<std::string> unaware_;    ///< detectors whose last one does not contain the kept one
  std::map<std::string, std::uint64_t> starts_;
  std::map<std::string, TimePoint> given_;
  std::optional<TimePoint> greet_at_;
  std::mt19937_64 random_;
  bool stale_ = false;
  bool self_read_asked_ = false;
  // While no detector is heard (self_detect).
  LookSchedule schedule_;
  bool look_under_way_ = false;
  std::uint64_t looks_ = 0;
  std::optional<SelfDetection> own_;
  std::optional<TimePoint> seen_again_;  ///< by a detector with a majority, since then without a break
};

}  // namespace dbha
