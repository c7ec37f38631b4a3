#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include <dbha_bus/context.hpp>

#include <dbha/bus.hpp>

#include "config/config.hpp"
#include "controller/controller_state.hpp"
#include "controller/hint_relay.hpp"
#include "events/event_hub.hpp"
#include "runtime/history.hpp"
#include "runtime/self_reader.hpp"

namespace dbha {

/// The controller of a process: carries what the bus says to the pure ControllerState, and what that orders to the
/// database's connections and the handlers. Loop thread only.
class ControllerRole final : BusSubscriberListener, DatabaseListener {
 public:
  ControllerRole(EventLoop& loop, Log& log, const Config& config, const bus::Context& bus, Backend& backend,
                 StateStore& store);
  /// Ends every call.
  ~ControllerRole();
  ControllerRole(const ControllerRole&) = delete;
  ControllerRole& operator=(const ControllerRole&) = delete;

  Database& database() { return *database_; }
  EventHub& hub() { return hub_; }
  /// What the beats say of it. Any thread.
  Duration resync_window() const { return resync_window_; }
  const ControllerState& state() const { return state_; }
  /// Called after each topology applied and each change of freshness.
  void on_change(std::function<void()> listener) { changed_.push_back(std::move(listener)); }

  /// A dbrestart by hand, for one handler or for all that hear it, and for all partitions unless some are named:
  /// {"resync": true, "events": [{"handler", "id", "partitions"}]} once it is stored, else {"resync": false, "reason"}
  /// with the events that are stored all the same.
  nlohmann::json resync(const std::string& handler, const std::optional<PartitionSet>& partitions);

  nlohmann::json status() const;
  History& history() { return history_; }

 private:
  void on_publication(Publication publication) override;
  void on_beat(Beat beat) override;
  void on_snapshot(std::size_t detector, Snapshot snapshot) override;
  void on_snapshot_refused(std::size_t detector, Duration retry_after) override;
  void on_garbage(std::string reason) override;
  void on_hint(Hint hint) override;
  void on_subscription_interrupted(SubscriptionGap gap) override;

  void perform(ControllerOutput output);
  void apply(const ApplyOrder& order);
  void tell(const Event& event);
  void send_acks(std::vector<Ack> acks);
  std::optional<Duration> send_hints();
  void read_topology();
  void look(const std::vector<Endpoint>& nodes);
  void ask_database(const std::vector<Endpoint>& nodes, SelfReader::Done done);
  void record(nlohmann::json entry);
  void spread(const Beat& beat);
  void mention(const Beat& beat);

  EventLoop& loop_;
  Log& log_;
  Backend& backend_;
  std::string name_;
  std::string cluster_;
  ControllerConfig config_;
  History history_;
  std::uint64_t garbage_ = 0;
  std::string waiting_for_;  ///< why there is no topology yet
  std::vector<std::function<void()>> changed_;
  ControllerState state_;
  HintRelay relay_;
  std::unique_ptr<Database> database_;
  EventHub hub_;  // after the database: its handlers may still use calls while they end
  const bool beside_detector_;
  std::atomic<Duration> resync_window_{};
  std::unique_ptr<BusSubscriber> subscriber_;
  std::unique_ptr<SelfReader> self_reader_;
  Timer tick_;  // the timers end first: they use everything above
  Timer acks_;
  Timer hints_;
};

}  // namespace dbha
