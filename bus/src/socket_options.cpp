#include "socket_options.hpp"

#include "context_state.hpp"
#include "wire_limits.hpp"

namespace dbha::bus {
namespace {

namespace option = zmq::sockopt;

/// A minute of beats. A slower subscriber loses messages, sees the gap in the sequence, and asks for a snapshot: that
/// brings it to the newest topology faster than thousands of old ones would.
constexpr int queued_messages = 64;
/// Ten thousand controllers come back at the same moment; the system's default is 100.
constexpr int backlog = 4096;
constexpr int longest_reconnect_ms = 5000;
/// A connection whose peer is gone without a word is given up after this long.
constexpr int silence_ms = 5000;
constexpr int ping_ms = 2000;
constexpr int unacknowledged_ms = 10000;

void set_common_options(zmq::socket_t& socket, std::int64_t longest_frame) {
  socket.set(option::linger, 0);  // nothing here is worth waiting for at the end: it would be old
  socket.set(option::ipv6, true);
  socket.set(option::maxmsgsize, longest_frame);
  socket.set(option::sndhwm, queued_messages);
  socket.set(option::rcvhwm, queued_messages);
}

void set_client_options(const Context& context, zmq::socket_t& socket) {
  set_common_options(socket, max_envelope_bytes);
  socket.set(option::reconnect_ivl, context.state().reconnect_ms);
  socket.set(option::reconnect_ivl_max, longest_reconnect_ms);
  // The client pings, and tells the server with the TTL when to give it up. If the server pinged too, ten thousand
  // controllers would cost it twice the system calls for the same knowledge.
  socket.set(option::heartbeat_ivl, ping_ms);
  socket.set(option::heartbeat_timeout, silence_ms);
  socket.set(option::heartbeat_ttl, silence_ms);
}

void set_server_options(zmq::socket_t& socket, std::int64_t longest_frame) {
  set_common_options(socket, longest_frame);
  socket.set(option::backlog, backlog);
  socket.set(option::tcp_maxrt, unacknowledged_ms);  // for subscribers that do not ping
}

}  // namespace

void set_publish_options(zmq::socket_t& socket) {
  set_server_options(socket, max_envelope_bytes);
  socket.set(option::xpub_verbose, false);  // ten thousand equal subscriptions are one message
}

void set_control_options(zmq::socket_t& socket) {
  set_server_options(socket, max_hello_bytes);
}

void set_subscription_options(const Context& context, zmq::socket_t& socket) {
  set_client_options(context, socket);
  // No queue without a connection: acks for a detector that is gone would fill it, and a full queue loses the
  // subscription itself when the connection comes back.
  socket.set(option::immediate, true);
}

void set_hello_options(const Context& context, zmq::socket_t& socket) {
  set_client_options(context, socket);
}

}  // namespace dbha::bus
