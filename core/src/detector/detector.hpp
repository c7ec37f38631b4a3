#pragma once
/// The detector as one pure state machine: what the nodes say goes in, with the time; whom to ask and what to publish
/// comes out. It owns no socket, no clock and no thread, so it runs by the thousand in tests on virtual time.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <dbha/bus.hpp>

#include "detector/candidate.hpp"
#include "detector/chronicle.hpp"
#include "detector/detector_state.hpp"
#include "detector/envelopes.hpp"
#include "detector/heard_lives.hpp"
#include "detector/lookout.hpp"
#include "detector/loss.hpp"
#include "detector/overruling.hpp"
#include "detector/permissions.hpp"
#include "detector/publication.hpp"
#include "topology/feed.hpp"

namespace dbha {

struct DetectorSettings {
  ProbeSettings probe;
  Duration tilt_after = std::chrono::seconds(2);
  std::uint32_t partitions = 0;
  Voters voters = Voters::owners;
  std::vector<Endpoint> seeds;
  std::string name;                                 ///< of this detector, as its stamps bear it
  std::size_t peers = 0;                            ///< how many other detectors are configured
  std::uint64_t seed = 0;                           ///< of the jitter
  Duration listen = std::chrono::seconds(3);        ///< to what others hold, before the first publication
  Duration reset_after = std::chrono::seconds(10);  ///< a lower claim must be confirmed for so long (R5)
};

/// The time of an input: monotonic for decisions, wall clock for what people read.
struct Now {
  TimePoint time;
  std::int64_t wall_ms = 0;
};

/// A new topology to be stored, then published.
struct NewTopology {
  std::shared_ptr<const Topology> topology;
  Version version;
  TopologyDiff diff;
  std::vector<ClaimRecord> evidence{};  ///< of its changes of owner and of epoch
  PartitionMap<Mark> marked{};          ///< the marks that it set
  std::size_t told_before = 0;          ///< so many of the records come before it
};

/// What the owner of the sockets does next, in this order.
struct DetectorOutput {
  std::optional<std::vector<Endpoint>> endpoints;  ///< keep connections to exactly these
  bool store = false;                              ///< store state()
  std::optional<NewTopology> publish;
  bool beat = false;  ///< to be sent now, and not only with the next second
  std::vector<Ask> asks;
  std::vector<std::size_t> requests;  ///< ask these peers, by their places in the configuration, for a snapshot
  std::vector<Record> records;        ///< for the log and the history: signs, suspicions, refusals, changes of status
};

/// What came of a reset by hand.
struct Reset {
  std::string refused;  ///< why nothing was done; empty: the output has it
  DetectorOutput output;
};

class Detector {
 public:
  /// `stored`: from the state store, nothing in it at the very first start.
  Detector(DetectorSettings settings, Prober::Cost cost, DetectorState stored, Now now);

  DetectorOutput start(Now now);
  DetectorOutput on_view(View view, Now now);
  DetectorOutput on_role(const RoleAnswer& answer, Now now);
  DetectorOutput on_epoch(const EpochAnswer& answer, Now now);
  DetectorOutput on_alive(const Endpoint& endpoint, Now now);
  DetectorOutput on_no_answer(const Endpoint& endpoint, Question question, Now now);
  DetectorOutput on_unusable(const Endpoint& endpoint, const std::string& reason, Now now);
  DetectorOutput on_forbidden(const Endpoint& endpoint, Signal signal, const std::string& rule, Now now);
  DetectorOutput on_permitted(const Endpoint& endpoint, Signal signal, Now now);
  DetectorOutput on_hint(const Hint& hint, Now now);
  // What others hold (R3, R4): peers by what they publish, anybody by the envelopes that were asked for.
  DetectorOutput on_publication(const Publication& publication, Now now);
  DetectorOutput on_beat(const Beat& beat, Now now);
  DetectorOutput on_snapshot(std::size_t peer, const Snapshot& snapshot, Now now);
  DetectorOutput on_snapshot_refused(std::size_t peer, Duration retry_after, Now now);
  /// An ack names the version that its sender holds of this detector's topologies.
  DetectorOutput on_held(const std::string& holder, const Version& version, Now now);
  DetectorOutput on_envelope(const Publication& publication, Now now);

  /// R5 at once, whoever stands up for what is published: a human has decided that what a majority of the primaries
  /// names now is true.
  Reset reset(Now now);

  /// To be called next_tick() later, and not much later: a late tick means that the process itself was stopped.
  DetectorOutput on_tick(Now now);
  Duration next_tick(TimePoint now) const { return lookout_.prober().next(now); }

  /// Everything of a beat that the detector knows, to be sent now; the fleet's size is the caller's.
  Beat beat(Now now);
  DetectorState state() const { return {published_, memory_}; }
  std::shared_ptr<const Topology> published() const { return published_; }
  const Version& version() const { return version_; }
  DetectorStatus status() const { return status_; }
  const std::string& reason() const { return reason_; }
  /// What ACLs keep from it: of each signal the nodes concerned, with the rule that would allow it.
  const Permissions::Forbidden& forbidden() const { return permissions_.forbidden(); }
  const Prober& prober() const { return lookout_.prober(); }
  const Feed& peers() const { return peers_; }

 private:
  Evidence evidence(TimePoint now) const;
  void evaluate(DetectorOutput& out, Now now);
  /// What the evidence comes to, before anything is concluded from it.
  struct Grasp {
    std::shared_ptr<const Topology> held;  ///< what is published here, joined with what others publish
    Candidate candidate;
    Decision decision;
  };
  Grasp grasp_of(const Evidence& evidence, std::shared_ptr<const Topology> held, TimePoint now) const;
  std::shared_ptr<const Topology> joined(TimePoint now) const;
  void drop_earlier_lives(const Topology& joined, TimePoint now);
  PartitionMap<Claim> due_to_overrule(const Grasp& grasp, const Evidence& evidence, TimePoint now);
  std::string overrule_by_hand(DetectorOutput& out, const Grasp& grasp, const Evidence& evidence, Now now);
  void conclude(DetectorOutput& out, const Grasp& grasp, const PartitionMap<Claim>& overruled, std::uint64_t generation,
                const Evidence& evidence, Now now);
  void met(Sign sign, TimePoint now);
  std::vector<ClaimChange> borne_out(const PartitionMap<Claim>& overruled, const Grasp& grasp,
                                     const Evidence& evidence) const;
  void tell_publication(DetectorOutput& out, const Topology& before, const Grasp& grasp,
                        const std::vector<ClaimChange>& overruled, TimePoint now);
  void note_overruled(DetectorOutput& out, const PartitionMap<Claim>& overruled, const PartitionMap<Claim>& held,
                      std::uint64_t generation);
  bool listening(TimePoint now) const;
  bool settled(const Evidence& evidence, TimePoint now) const;
  void publish(DetectorOutput& out, Topology topology, Now now);
  void set_status(DetectorOutput& out, DetectorStatus status, std::string reason);
  void update_status(DetectorOutput& out, const Decision& decision, TimePoint now);
  void note_withheld(DetectorOutput& out);
  bool tilt(DetectorOutput& out, TimePoint now);
  void answered(const Endpoint& endpoint, Question question);
  bool suspicion_to_tell(TimePoint now) const;
  DetectorOutput finish(DetectorOutput out, Now now);

  DetectorSettings settings_;
  Lookout lookout_;
  Observations observations_;
  MarkMemory memory_;
  LossWatch losses_;
  std::shared_ptr<const Topology> published_;
  Version version_;
  TimePoint started_;
  TimePoint changed_at_;
  TimePoint last_input_;
  TimePoint answers_from_;  ///< older questions' answers are not used: the process was stopped meanwhile (TILT)
  std::optional<TimePoint> tilt_until_;
  bool dirty_ = false;  ///< something new was said since the last evaluation
  std::map<Endpoint, std::string> unusable_;
  Permissions permissions_;
  std::vector<NodeId> told_suspects_;  ///< with the newest beat
  TimePoint beaten_at_;
  std::vector<Withheld> withheld_;
  OverrulingTimer overruling_;
  Feed peers_;
  HeardLives heard_lives_;
  Envelopes envelopes_;
  Chronicle chronicle_;
  std::string noted_withheld_;
  TimePoint evaluated_at_;
  std::set<std::string> noted_violations_;
  DetectorStatus status_ = DetectorStatus::starting;
  std::string reason_;
};

}  // namespace dbha
