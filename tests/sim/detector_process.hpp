#pragma once
/// One life of the detector's process, wired as core/runtime/detector_role.cpp wires the real one.

#include <memory>

#include "detector/detector.hpp"
#include "detector/fleet.hpp"
#include "gate.hpp"
#include "site.hpp"
#include "source.hpp"

namespace dbha::sim {

/// What survives the process.
struct DetectorStore {
  std::uint64_t start = 0;
  DetectorState state;
  DetectorState before;  ///< what a power cut leaves: one save older
};

/// What is around the process.
struct DetectorMachine {
  DetectorStore store;
  std::set<Endpoint> unreached;  ///< nodes that it does not reach
  Duration clock_error{};        ///< of its wall clock
  Duration greatest_error{};     ///< ever

  /// With a clock that was not set back: who forgets its start and goes back in time is taken for a replay.
  void lose_store() {
    store = {};
    clock_error = greatest_error;
  }
};

/// When a process is killed: its most delicate moments are around a save.
enum class Death { now, before_next_save, after_next_save };

class DetectorProcess final : TopologySourceListener, BusPublisherListener, BusSubscriberListener {
 public:
  /// `died`: told once, when the planned death has come; nothing happens in the process afterwards.
  DetectorProcess(Site& site, std::size_t index, DetectorMachine& machine, std::function<void()> died);
  DetectorProcess(const DetectorProcess&) = delete;
  DetectorProcess& operator=(const DetectorProcess&) = delete;

  const Detector& detector() const { return detector_; }
  void die(Death moment);
  bool dead() const { return dead_; }
  /// SIGSTOP for so long.
  void pause(Duration lasts);

 private:
  void on_view(View view) override;
  void on_role(RoleAnswer answer) override;
  void on_epoch(EpochAnswer answer) override;
  void on_alive(Endpoint endpoint, NodeId node, TimePoint asked, TimePoint answered) override;
  void on_no_answer(Endpoint endpoint, Question question, TimePoint asked) override;
  void on_unusable(Endpoint endpoint, std::string reason) override;
  void on_hint(Hint hint) override;
  void on_ack(Ack ack) override;
  void on_hint(std::string controller, Hint hint) override;
  void on_hello(std::string controller, bool peer) override;
  void on_envelope(std::string controller, Publication publication) override;
  // Of the other detectors:
  void on_publication(Publication publication) override;
  void on_beat(Beat beat) override;
  void on_snapshot(std::size_t peer, Snapshot snapshot) override;
  void on_snapshot_refused(std::size_t peer, Duration retry_after) override;
  void on_garbage(std::string reason) override;

  Now now() const;
  void perform(DetectorOutput output);
  void save();
  void publish(const NewTopology& news);
  void send_beat();
  void tick();
  void beat();

  Site& site_;
  std::size_t index_;
  std::string name_;
  DetectorMachine& machine_;
  DetectorStore& store_;
  std::function<void()> died_;
  Gate gate_;
  Fleet fleet_;
  std::uint64_t start_;
  Detector detector_;
  std::unique_ptr<BusPublisher> publisher_;
  std::unique_ptr<BusSubscriber> peers_;  ///< null without any
  std::unique_ptr<Source> source_;
  std::optional<Death> death_;
  bool dead_ = false;
  Life life_;
};

}  // namespace dbha::sim
