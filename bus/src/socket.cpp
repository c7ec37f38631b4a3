#include "socket.hpp"

#include <cerrno>

#include <dbha/error.hpp>

#include "context_state.hpp"

namespace dbha::bus {
namespace {

/// A burst of acks must not delay the detection of a failover: after this many the loop may see to other things.
constexpr int messages_per_turn = 256;
/// No message of the protocol has more; the rest of one that does is thrown away as it arrives.
constexpr std::size_t most_frames = 8;

[[noreturn]] void fail(const char* call) {
  throw Error(std::string(call) + ": " + zmq_strerror(zmq_errno()));
}

zmq::socket_t open_socket(const Context& context, zmq::socket_type type) {
  try {
    return zmq::socket_t(context.state().zmq, type);
  } catch (const zmq::error_t& e) {
    throw StartError(std::string("cannot open a ZeroMQ socket: ") + e.what());
  }
}

}  // namespace

zmq::message_t frame_of(std::string_view bytes) {
  return zmq::message_t(bytes.data(), bytes.size());
}

zmq::message_t shared_copy(zmq::message_t& frame) {
  zmq::message_t copy;
  copy.copy(frame);
  return copy;
}

Socket::Socket(const Context& context, EventLoop& loop, zmq::socket_type type, Receive receive)
    : context_(context), loop_(loop), receive_(std::move(receive)), zmq_(open_socket(context, type)) {
  watch_ = Watch(loop, zmq_.get(zmq::sockopt::fd), {.readable = true}, Priority::bus, [this](Readiness) { serve(); });
}

bool Socket::send(Frames frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const int flags = ZMQ_DONTWAIT | (i + 1 < frames.size() ? ZMQ_SNDMORE : 0);
    int rc = 0;
    do rc = zmq_msg_send(frames[i].handle(), zmq_.handle(), flags);
    while (rc < 0 && zmq_errno() == EINTR);
    if (rc < 0 && zmq_errno() != EAGAIN && zmq_errno() != EHOSTUNREACH) fail("zmq_msg_send");
    if (rc < 0) return false;
  }
  if (readable()) serve_later();
  return true;
}

void Socket::serve() {
  const auto receive = receive_;  // outlives a callback that destroys this socket
  const std::weak_ptr<bool> alive = alive_;
  for (int i = 0; i < messages_per_turn; ++i) {
    Frames frames;
    if (!readable() || !receive_message(frames)) return;
    receive(frames);
    if (alive.expired()) return;
  }
  serve_later();
}

bool Socket::readable() {
  int events = 0;
  std::size_t size = sizeof events;
  int rc = 0;
  do rc = zmq_getsockopt(zmq_.handle(), ZMQ_EVENTS, &events, &size);
  while (rc < 0 && zmq_errno() == EINTR);
  if (rc < 0) fail("zmq_getsockopt");
  return (events & ZMQ_POLLIN) != 0;
}

bool Socket::receive_message(Frames& frames) {
  for (bool more = true; more;) {
    zmq::message_t frame;
    if (!receive_frame(frame)) return false;
    more = frame.more();
    if (frames.size() < most_frames) frames.push_back(std::move(frame));
  }
  return true;
}

bool Socket::receive_frame(zmq::message_t& frame) {
  int rc = 0;
  do rc = zmq_msg_recv(frame.handle(), zmq_.handle(), ZMQ_DONTWAIT);
  while (rc < 0 && zmq_errno() == EINTR);
  if (rc < 0 && zmq_errno() != EAGAIN) fail("zmq_msg_recv");
  return rc >= 0;
}

void Socket::serve_later() {
  if (std::exchange(posted_, true)) return;
  loop_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    posted_ = false;
    serve();
  });
}

}  // namespace dbha::bus
