#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <dbha_bus/publisher.hpp>

#include <dbha/bus.hpp>

#include "config/config.hpp"
#include "detector/detector.hpp"
#include "detector/fleet.hpp"
#include "detector/hint_intake.hpp"
#include "log/rate_limit.hpp"
#include "runtime/history.hpp"
#include "state_store/state_store.hpp"

namespace dbha {

/// The detector of a process: carries what the database says to the pure Detector, and what that concludes to the bus.
/// Loop thread only. Throws StartError where an endpoint cannot be bound.
class DetectorRole final : TopologySourceListener, BusPublisherListener, BusSubscriberListener {
 public:
  DetectorRole(EventLoop& loop, Log& log, const Config& config, const bus::Context& bus, Backend& backend,
               StateStore& store);
  DetectorRole(const DetectorRole&) = delete;
  DetectorRole& operator=(const DetectorRole&) = delete;

  nlohmann::json status() const;
  History& history() { return history_; }
  const Detector& detector() const { return detector_; }
  /// R5 by hand. Returns why it was refused, nothing if it was done.
  std::string reset();

 private:
  void on_view(View view) override;
  void on_role(RoleAnswer answer) override;
  void on_epoch(EpochAnswer answer) override;
  void on_alive(Endpoint endpoint, NodeId node, TimePoint asked, TimePoint answered) override;
  void on_no_answer(Endpoint endpoint, Question question, TimePoint asked) override;
  void on_unusable(Endpoint endpoint, std::string reason) override;
  void on_hint(Hint hint) override;
  void on_forbidden(const Endpoint& endpoint, Signal signal, const std::string& rule) override;
  void on_permitted(const Endpoint& endpoint, Signal signal) override;
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
  void tell(const DetectorOutput& output, Duration taken);
  void tell(const Record& record);
  void send_beat();
  void tick();
  void forget_troubles();
  nlohmann::json seeds_json() const;
  nlohmann::json peers_json() const;
  nlohmann::json controllers_json() const;
  nlohmann::json hints_json() const;
  nlohmann::json forbidden_json() const;

  EventLoop& loop_;
  Log& log_;
  StateStore& store_;
  std::string name_;
  std::vector<Endpoint> seeds_;
  std::map<Endpoint, std::string> troubles_;  ///< of the endpoints that gave no view when they were last asked
  History history_;
  Fleet fleet_;
  HintIntake intake_;
  RateLimit limit_;
  RateLimit history_limit_;
  const Signals signals_;
  const Duration resync_spacing_;
  Detector detector_;
  std::unique_ptr<bus::Publisher> publisher_;
  std::size_t configured_peers_;
  std::unique_ptr<BusSubscriber> peers_;  ///< null without any
  std::unique_ptr<TopologySource> source_;
  Timer tick_;  // the timers end first: they use everything above
  Timer beat_;
};

}  // namespace dbha
