#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>
#include <vector>

#include <dbha_bus/admin.hpp>

#include <dbha/error.hpp>

#include "context_state.hpp"
#include "endpoint.hpp"
#include "socket.hpp"
#include "socket_options.hpp"

namespace dbha::bus {

namespace {

constexpr Duration sign_of_life = std::chrono::seconds(1);

/// Who asked to watch: all frames before the request, which lead back to him.
struct Watcher {
  std::vector<std::string> way_back;
  std::uint32_t streams = 0;
  std::uint64_t lost = 0;
};

std::string lost_line(std::uint64_t lost) {
  return "{\"lost\":" + std::to_string(lost) + "}";
}

std::string refusal_line() {
  return "{\"error\":\"" + std::to_string(AdminServer::most_watchers) + " are watching already\"}";
}

}  // namespace

/// What the server is made of, in the order in which it must be taken down backwards: the file before the socket.
class AdminServer::Listening {
 public:
  Listening(const Context& context, EventLoop& loop, const std::string& endpoint, Handler handler)
      : handler_(std::move(handler)),
        loop_(loop),
        socket_(context, loop, zmq::socket_type::router, [this](Frames& frames) { on_request(frames); }) {
    (void)ipc_path(endpoint);
    set_control_options(socket_.zmq());
    socket_.zmq().set(zmq::sockopt::router_mandatory, true);  // else nobody says that a watcher is gone, or too slow
    bound_ = bind_endpoint(socket_.zmq(), endpoint, 0600);
  }

  void publish(std::uint32_t streams, std::string_view line) {
    std::erase_if(watchers_,
                  [&](Watcher& watcher) { return (watcher.streams & streams) != 0 && !tell(watcher, line); });
  }

  bool watched(std::uint32_t streams) const {
    return std::any_of(watchers_.begin(), watchers_.end(),
                       [&](const Watcher& watcher) { return (watcher.streams & streams) != 0; });
  }

 private:
  enum class Sent { yes, no_room, nobody_there };

  /// [identity, request]; between them the empty frame of a client that uses REQ. All before the request goes back.
  void on_request(Frames& frames) {
    AdminAnswer answer = handler_(text_of(frames.back()));
    if (answer.streams != 0 && !add(frames, answer.streams)) answer.text = refusal_line();
    frames.back() = frame_of(answer.text);
    socket_.send(std::move(frames));
  }

  bool add(const Frames& frames, std::uint32_t streams) {
    if (watchers_.size() >= most_watchers) give_signs_of_life();  // some may be gone
    if (watchers_.size() >= most_watchers) return false;
    Watcher watcher{.way_back = {}, .streams = streams};
    for (auto frame = frames.begin(); frame + 1 != frames.end(); ++frame)
      watcher.way_back.emplace_back(text_of(*frame));
    if (watchers_.empty()) {
      signs_ = Timer(loop_, sign_of_life, [this]() -> std::optional<Duration> {
        give_signs_of_life();
        if (watchers_.empty()) return std::nullopt;
        return sign_of_life;
      });
    }
    watchers_.push_back(std::move(watcher));
    return true;
  }

  void give_signs_of_life() {
    std::erase_if(watchers_, [&](Watcher& watcher) {
      return !tell_what_was_lost(watcher) || (watcher.lost == 0 && send(watcher, "") == Sent::nobody_there);
    });
  }

  /// False if the watcher is gone. His queue is bounded by the socket's high-water mark.
  bool tell(Watcher& watcher, std::string_view line) {
    if (!tell_what_was_lost(watcher)) return false;
    const Sent sent = watcher.lost == 0 ? send(watcher, line) : Sent::no_room;
    if (sent == Sent::no_room) ++watcher.lost;
    return sent != Sent::nobody_there;
  }

  bool tell_what_was_lost(Watcher& watcher) {
    if (watcher.lost == 0) return true;
    const Sent sent = send(watcher, lost_line(watcher.lost));
    if (sent == Sent::yes) watcher.lost = 0;
    return sent != Sent::nobody_there;
  }

  Sent send(const Watcher& watcher, std::string_view line) {
    Frames frames;
    for (const auto& frame : watcher.way_back) frames.push_back(frame_of(frame));
    frames.push_back(frame_of(line));
    if (socket_.send(std::move(frames))) return Sent::yes;
    return zmq_errno() == EHOSTUNREACH ? Sent::nobody_there : Sent::no_room;
  }

  Handler handler_;
  EventLoop& loop_;
  std::vector<Watcher> watchers_;
  Socket socket_;
  Bound bound_;
  Timer signs_;
};

AdminServer::AdminServer(const Context& context, EventLoop& loop, const std::string& endpoint, Handler handler)
    : listening_(std::make_unique<Listening>(context, loop, endpoint, std::move(handler))) {}

AdminServer::~AdminServer() = default;

void AdminServer::publish(std::uint32_t streams, std::string_view line) {
  listening_->publish(streams, line);
}

bool AdminServer::watched(std::uint32_t streams) const {
  return listening_->watched(streams);
}

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

/// False: nobody. Throws if it is somebody else's.
bool somebody_listens(const std::string& endpoint) {
  const Behind behind = who_is_behind(ipc_path(endpoint));
  if (behind == Behind::forbidden)
    throw StartError(endpoint + ": permission denied; ask as the user that the process runs as");
  return behind != Behind::nobody;
}

}  // namespace

std::optional<std::string> admin_request(const std::string& endpoint, std::string_view request, Duration timeout) {
  const TimePoint deadline = std::chrono::steady_clock::now() + timeout;
  if (!somebody_listens(endpoint)) return {};
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

class AdminWatch::Connected {
 public:
  Connected(const std::string& endpoint, std::string_view request)
      : socket_(context_.state().zmq, zmq::socket_type::dealer) {
    set_hello_options(context_, socket_);
    socket_.set(zmq::sockopt::reconnect_ivl, -1);  // who listens there next knows nothing of this watch
    connect_endpoint(socket_, endpoint);
    zmq::message_t frame = frame_of(request);
    zmq_msg_send(frame.handle(), socket_.handle(), ZMQ_DONTWAIT);  // refused: no answer comes, and that is seen
  }

  std::optional<std::string> next(Duration timeout) {
    zmq_pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, milliseconds_until(std::chrono::steady_clock::now() + timeout)) <= 0) return {};
    zmq::message_t line;
    if (zmq_msg_recv(line.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0) return {};
    return line.to_string();
  }

 private:
  Context context_;
  zmq::socket_t socket_;
};

AdminWatch::AdminWatch(const std::string& endpoint, std::string_view request)
    : connected_(somebody_listens(endpoint) ? std::make_unique<Connected>(endpoint, request) : nullptr) {}

AdminWatch::~AdminWatch() = default;

std::optional<std::string> AdminWatch::next(Duration timeout) {
  return connected_ ? connected_->next(timeout) : std::nullopt;
}

}  // namespace dbha::bus
