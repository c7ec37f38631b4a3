#pragma once

#include <dbha_bus/context.hpp>
#include <zmq.hpp>

namespace dbha::bus {

struct Context::State {
  State();
  zmq::context_t zmq;
  /// Drawn once for each process: ZeroMQ's own jitter is a fraction of the interval and the same for a whole fleet that
  /// lost its detector at the same moment.
  int reconnect_ms;
};

}  // namespace dbha::bus
