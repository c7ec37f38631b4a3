#pragma once
/// The detector's end of the bus: one topology and one beat for everybody, and an ear for acks, hints and hellos.

#include <cstdint>
#include <memory>
#include <string>

#include <dbha_bus/context.hpp>

#include <dbha/bus.hpp>
#include <dbha/context.hpp>

namespace dbha::bus {

struct PublisherSettings {
  std::string cluster;      ///< the topic is HA/<cluster>/
  std::string detector;     ///< the name in the stamps, unique among the detectors of the cluster
  std::uint64_t start = 0;  ///< of the stamps: max(wall clock in ms, the stored start + 1)
  std::string publish;      ///< where topologies and beats leave: tcp://*:5570, tcp://127.0.0.1:*, ipc:///path
  std::string control;      ///< where hellos are answered
};

/// publish() encodes once for all subscribers; a topology that a subscriber would refuse is not sent but logged
/// (`publication_refused`), because here somebody can do something about it. Loop thread only.
class Publisher : public BusPublisher {
 public:
  /// The endpoints really bound, with the port that the system chose for a `*`.
  virtual std::string publish_endpoint() const = 0;
  virtual std::string control_endpoint() const = 0;
};

/// Binds both endpoints. The loop, the log and the listener outlive the publisher; the listener is called on the loop
/// thread, never from inside a call of the publisher. Throws StartError with the endpoint, the reason and what to do.
std::unique_ptr<Publisher> open_publisher(const Context& context, EventLoop& loop, Log& log,
                                          BusPublisherListener& listener, PublisherSettings settings);

}  // namespace dbha::bus
