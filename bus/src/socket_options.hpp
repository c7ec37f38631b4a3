#pragma once
/// What each kind of socket is set to before it is bound or connected, and why.

#include <dbha_bus/context.hpp>
#include <zmq.hpp>

namespace dbha::bus {

/// XPUB of a detector.
void set_publish_options(zmq::socket_t& socket);
/// ROUTER of a detector, and of an admin endpoint.
void set_control_options(zmq::socket_t& socket);
/// XSUB of a controller.
void set_subscription_options(const Context& context, zmq::socket_t& socket);
/// DEALER of a controller, for one hello and its answer.
void set_hello_options(const Context& context, zmq::socket_t& socket);

}  // namespace dbha::bus
