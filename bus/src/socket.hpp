#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <dbha_bus/context.hpp>
#include <zmq.hpp>

#include <dbha/event_loop.hpp>

namespace dbha::bus {

/// The parts of one message. Copies of a frame share its bytes.
using Frames = std::vector<zmq::message_t>;

inline std::string_view text_of(const zmq::message_t& frame) {
  return frame.to_string_view();
}
zmq::message_t frame_of(std::string_view bytes);
/// A frame over the same bytes.
zmq::message_t shared_copy(zmq::message_t& frame);

/// One ZeroMQ socket on the loop, which calls `receive` for each message. Loop thread only.
///
/// ZMQ_FD is edge-triggered: it says that something happened, not that something is there, and any call of ZeroMQ may
/// use the signal up. So ZMQ_EVENTS is read after every wake-up, after every receive and after every send.
class Socket {
 public:
  /// May destroy the socket; may take frames out.
  using Receive = std::function<void(Frames&)>;
  /// Set options on zmq() before it is bound or connected. Throws StartError where no descriptor is left.
  Socket(const Context& context, EventLoop& loop, zmq::socket_type type, Receive receive);
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  zmq::socket_t& zmq() { return zmq_; }
  /// False if it was dropped: no peer, or no room in the queue.
  bool send(Frames frames);
  /// Reads what is there, at most a turn's share; the rest in the next turn. Called by the loop; also by owners of
  /// sockets that must not stay idle (see ZmqPublisher).
  void serve();

 private:
  bool readable();
  bool receive_message(Frames& frames);
  bool receive_frame(zmq::message_t& frame);
  void serve_later();

  Context context_;  // first, so that it outlives the socket
  EventLoop& loop_;
  Receive receive_;
  zmq::socket_t zmq_;
  bool posted_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for posts that outlive the socket
  Watch watch_;                                                 // last, so that it ends before its descriptor is closed
};

}  // namespace dbha::bus
