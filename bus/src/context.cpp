#include <random>
#include <string>

#include <dbha_bus/context.hpp>

#include <dbha/error.hpp>

#include "context_state.hpp"

namespace dbha::bus {
namespace {

int draw_reconnect_ms() {
  std::random_device chance;
  return std::uniform_int_distribution(100, 300)(chance);
}

}  // namespace

// One I/O thread passes on some hundred thousand messages a second: more than any fleet here asks for.
Context::State::State() : zmq(1), reconnect_ms(draw_reconnect_ms()) {}

Context::Context() {
  try {
    state_ = std::make_shared<State>();
  } catch (const zmq::error_t& e) {
    throw StartError(std::string("cannot start ZeroMQ: ") + e.what());
  }
}

}  // namespace dbha::bus
