#pragma once
/// The controller's end of the bus: hears every configured detector, and speaks to each of them on its own connection.

#include <memory>
#include <string>
#include <vector>

#include <dbha_bus/context.hpp>

#include <dbha/bus.hpp>
#include <dbha/context.hpp>

namespace dbha::bus {

/// Where a detector or a relay listens. Only ever configured, never learnt from the bus.
struct DetectorEndpoints {
  std::string publish;
  std::string control;
};

struct SubscriberSettings {
  std::string cluster;
  std::string controller;  ///< this controller's name, in hellos, acks and hints
  std::vector<DetectorEndpoints> detectors;
  /// A connection on which nothing came for so long, ten beats, is given up and made anew.
  Duration silence = std::chrono::seconds(10);
  bool peer = false;  ///< this is a detector that listens to the others
};

/// Connects to every detector's `publish` endpoint, and again whenever a connection breaks; that none answers is not an
/// error. An ack goes to the endpoint on which the detector it names was last heard; if it never was, the ack is
/// dropped. Acks and hints to a detector that is not connected are dropped: they would be old when it is.
///
/// The loop, the log and the listener outlive the subscriber; the listener is called on the loop thread, never from
/// inside a call of the subscriber, and may destroy the subscriber. Throws StartError with the text of an endpoint that
/// is none.
std::unique_ptr<BusSubscriber> open_subscriber(const Context& context, EventLoop& loop, Log& log,
                                               BusSubscriberListener& listener, SubscriberSettings settings);

}  // namespace dbha::bus
