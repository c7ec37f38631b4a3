#include <algorithm>
#include <climits>
#include <utility>

#include <dbha_bus/admin.hpp>

#include <dbha/error.hpp>

#include "context_state.hpp"
#include "endpoint.hpp"
#include "socket.hpp"
#include "socket_options.hpp"

namespace dbha::bus {

/// What the server is made of, in the order in which it must be taken down backwards: the file before the socket.
class AdminServer::Listening {
 public:
  Listening(const Context& context, EventLoop& loop, const std::string& endpoint, Handler handler)
      : handler_(std::move(handler)),
        socket_(context, loop, zmq::socket_type::router, [this](Frames& frames) { on_request(frames); }) {
    (void)ipc_path(endpoint);
    set_control_options(socket_.zmq());
    bound_ = bind_endpoint(socket_.zmq(), endpoint, 0600);
  }

 private:
  /// [identity, request]; between them the empty frame of a client that uses REQ. All before the request goes back.
  void on_request(Frames& frames) {
    const std::string answer = handler_(text_of(frames.back()));
    frames.back() = frame_of(answer);
    socket_.send(std::move(frames));
  }

  Handler handler_;
  Socket socket_;
  Bound bound_;
};

AdminServer::AdminServer(const Context& context, EventLoop& loop, const std::string& endpoint, Handler handler)
    : listening_(std::make_unique<Listening>(context, loop, endpoint, std::move(handler))) {}

AdminServer::~AdminServer() = default;

namespace {

int milliseconds_until(TimePoint deadline) {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

/// Interrupted by a signal it goes on waiting for what is left.
bool wait_for(zmq::socket_t& socket, short event, TimePoint deadline) {
  zmq_pollitem_t item{socket.handle(), 0, event, 0};
  for (;;) {
    const int left = milliseconds_until(deadline);
    if (zmq_poll(&item, 1, left) > 0) return true;
    if (left == 0) return false;
  }
}

}  // namespace

std::optional<std::string> admin_request(const std::string& endpoint, std::string_view request, Duration timeout) {
  const TimePoint deadline = std::chrono::steady_clock::now() + timeout;
  const Behind behind = who_is_behind(ipc_path(endpoint));
  if (behind == Behind::nobody) return {};
  if (behind == Behind::forbidden)
    throw StartError(endpoint + ": permission denied; ask as the user that the process runs as");
  Context context;
  zmq::socket_t socket(context.state().zmq, zmq::socket_type::dealer);
  socket.set(zmq::sockopt::linger, 0);
  connect_endpoint(socket, endpoint);
  zmq::message_t frame = frame_of(request);
  if (!wait_for(socket, ZMQ_POLLOUT, deadline) || zmq_msg_send(frame.handle(), socket.handle(), ZMQ_DONTWAIT) < 0)
    return {};
  if (!wait_for(socket, ZMQ_POLLIN, deadline)) return {};
  zmq::message_t answer;
  if (zmq_msg_recv(answer.handle(), socket.handle(), ZMQ_DONTWAIT) < 0) return {};
  return answer.to_string();
}

}  // namespace dbha::bus
