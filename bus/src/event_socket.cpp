#include <cerrno>
#include <utility>

#include <dbha_bus/event_socket.hpp>

#include "endpoint.hpp"
#include "socket.hpp"
#include "socket_options.hpp"

namespace dbha::bus {

namespace {

constexpr char wrong_shape[] =
    "{\"error\": \"expected a message of one frame from a DEALER socket, found another number of frames\"}";

}  // namespace

/// In the order in which it must be taken down backwards: the file before the socket.
class EventSocket::Listening {
 public:
  Listening(const Context& context, EventLoop& loop, const std::string& endpoint, Receive receive)
      : receive_(std::move(receive)),
        socket_(context, loop, zmq::socket_type::router, [this](Frames& frames) { on_message(frames); }) {
    (void)ipc_path(endpoint);
    set_control_options(socket_.zmq());
    socket_.zmq().set(zmq::sockopt::router_mandatory, true);  // else nobody says that a program is gone, or too slow
    bound_ = bind_endpoint(socket_.zmq(), endpoint, 0600);
  }

  Sent send(const std::string& peer, std::string_view message) {
    Frames frames;
    frames.push_back(frame_of(peer));
    frames.push_back(frame_of(message));
    return send(std::move(frames));
  }

 private:
  /// [peer, message]. What has more frames (REQ adds an empty one) is answered the way that it came.
  void on_message(Frames& frames) {
    if (frames.size() == 2) return receive_(std::string(text_of(frames.front())), text_of(frames.back()));
    if (frames.size() == 1) frames.emplace_back();
    frames.back() = frame_of(wrong_shape);
    send(std::move(frames));
  }

  Sent send(Frames frames) {
    if (socket_.send(std::move(frames))) return Sent::yes;
    return zmq_errno() == EHOSTUNREACH ? Sent::gone : Sent::no_room;
  }

  Receive receive_;
  Socket socket_;
  Bound bound_;
};

EventSocket::EventSocket(const Context& context, EventLoop& loop, const std::string& endpoint, Receive receive)
    : listening_(std::make_unique<Listening>(context, loop, endpoint, std::move(receive))) {}

EventSocket::~EventSocket() = default;

EventSocket::Sent EventSocket::send(const std::string& peer, std::string_view message) {
  return listening_->send(peer, message);
}

}  // namespace dbha::bus
