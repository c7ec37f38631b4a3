#pragma once
/// One life of a controller's process, wired as core/runtime/controller_role.cpp wires the real one, with an
/// application that writes.

#include "controller/controller_state.hpp"
#include "controller/self_read.hpp"
#include "restart_store.hpp"
#include "source.hpp"
#include "writer.hpp"

namespace dbha::sim {

class ControllerProcess final : BusSubscriberListener {
 public:
  /// `life`: how many there were before it.
  ControllerProcess(Site& site, std::size_t index, std::uint64_t life, Random random, RestartStore& store,
                    OwnData& data, Duration write_pause);
  ControllerProcess(const ControllerProcess&) = delete;
  ControllerProcess& operator=(const ControllerProcess&) = delete;

  const ControllerState& state() const { return state_; }
  std::size_t pending() const { return store_.pending.size(); }

 private:
  void on_publication(Publication publication) override;
  void on_beat(Beat beat) override;
  void on_snapshot(std::size_t detector, Snapshot snapshot) override;
  void on_snapshot_refused(std::size_t detector, Duration retry_after) override;
  void on_garbage(std::string reason) override;

  void tick();
  void ack_again();
  void perform(ControllerOutput output);
  void apply(const ApplyOrder& order);
  void marks_applied(const MarksApplied& applied);
  void next_event();
  void send_acks(std::vector<Ack> acks);
  void read_topology();
  void ask_more();
  void finish_reading();

  Site& site_;
  std::size_t index_;
  std::string name_;
  RestartStore& store_;
  ControllerState state_;
  Connections connections_;
  Writer writer_;
  std::unique_ptr<BusSubscriber> subscriber_;
  std::optional<SelfRead> reading_;
  Life life_;
};

}  // namespace dbha::sim
