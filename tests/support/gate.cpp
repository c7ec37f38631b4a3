#include "support/gate.hpp"

#include <cerrno>
#include <deque>
#include <future>
#include <map>
#include <string>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/listener.hpp"

namespace dbha::test {
namespace {

enum class Mode { pass, drop, stall, corrupt };

constexpr std::size_t most_held = std::size_t{1} << 20;  // bytes in one direction; the sender waits beyond

lab::FileDescriptor connect_to(std::uint16_t port) {
  lab::FileDescriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  static_cast<void>(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  return fd;  // a failure shows when it is read
}

/// One end of a connection that goes through, and what it has still to be told.
struct Side {
  lab::FileDescriptor fd{};
  std::deque<std::pair<TimePoint, std::string>> due{};  // an empty text is the end of the stream
  std::size_t held = 0;
  bool ended = false;  // it will say no more
  bool told_end = false;
  Watch watch{};
  Timer timer{};
};

struct Pair {
  Side client;
  Side server;
  bool holed = false;
};

}  // namespace

/// Loop thread only.
class Gate::Traffic {
 public:
  Traffic(EventLoop& loop, std::uint16_t port, std::uint16_t upstream, Counts& counts)
      : loop_(loop),
        upstream_(upstream),
        counts_(counts),
        listener_(loop, "127.0.0.1", port, [this](lab::FileDescriptor fd) { accepted(std::move(fd)); }) {}

  void set(Mode mode, Duration delay = {}) {
    mode_ = mode;
    delay_ = delay;
    mode == Mode::drop ? listener_.swallow() : listener_.listen();
    for (const auto id : ids()) {
      if (mode_ != Mode::drop && pairs_.at(id).holed) give_up(id);
    }
    for (const auto id : ids()) {
      tell(id, &Pair::client);
      tell(id, &Pair::server);
    }
    count_open();
  }
  void refuse() {
    set(Mode::pass);
    listener_.refuse();
  }
  void end_all(bool by_reset) {
    for (auto& [id, pair] : pairs_) {
      if (by_reset) abort(pair);
    }
    pairs_.clear();
    count_open();
  }

 private:
  using Id = std::uint64_t;
  using End = Side Pair::*;

  static void abort(Pair& pair) {
    for (Side* side : {&pair.client, &pair.server}) {
      side->watch.reset();
      test::reset(std::move(side->fd));
    }
  }
  static End other(End end) { return end == &Pair::client ? &Pair::server : &Pair::client; }
  void count_open() { counts_.open = pairs_.size(); }
  std::vector<Id> ids() const {
    std::vector<Id> all;
    for (const auto& [id, pair] : pairs_) all.push_back(id);
    return all;
  }

  void accepted(lab::FileDescriptor fd) {
    const Id id = counts_.accepted++;
    Pair& pair = pairs_[id];
    pair.client.fd = std::move(fd);
    pair.server.fd = connect_to(upstream_);
    for (const End end : {&Pair::client, &Pair::server}) {
      (pair.*end).watch = Watch(loop_, (pair.*end).fd.get(), interest(pair, end), Priority::bus,
                                [this, id, end](Readiness readiness) { on_ready(id, end, readiness); });
    }
    count_open();
  }

  Readiness interest(const Pair& pair, End end) const {
    const Side& to = pair.*other(end);
    const bool now = !(pair.*end).due.empty() && (pair.*end).due.front().first <= loop_.now();
    return {.readable = mode_ != Mode::stall && !(pair.*end).ended && to.held < most_held,
            .writable = now && (mode_ == Mode::pass || mode_ == Mode::corrupt)};
  }
  void watch_anew(Pair& pair) {
    for (const End end : {&Pair::client, &Pair::server}) (pair.*end).watch.change(interest(pair, end));
  }

  void on_ready(Id id, End end, Readiness readiness) {
    if (readiness.writable) tell(id, end);
    if (readiness.readable && mode_ != Mode::stall && pairs_.contains(id)) hear(id, end);
  }

  void hear(Id id, End end) {
    Pair& pair = pairs_.at(id);
    char buffer[16384];
    const ssize_t n = recv((pair.*end).fd.get(), buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    (pair.*end).ended = n <= 0;
    if (mode_ == Mode::drop) {
      pair.holed = true;
      counts_.dropped += n > 0 ? static_cast<std::uint64_t>(n) : 0;
      return watch_anew(pair);
    }
    if (n < 0) return give_up(id);
    std::string text(buffer, static_cast<std::size_t>(n));
    if (mode_ == Mode::corrupt && end == &Pair::server && n > 0) {
      text[0] = static_cast<char>(text[0] ^ 0x55);
      ++counts_.corrupted;
    }
    Side& to = pair.*other(end);
    to.held += text.size();
    to.due.emplace_back(loop_.now() + delay_, std::move(text));
    tell(id, other(end));
  }

  /// Says what is due to that end.
  void tell(Id id, End end) {
    if (!pairs_.contains(id)) return;
    Pair& pair = pairs_.at(id);
    Side& side = pair.*end;
    while (mode_ != Mode::stall && mode_ != Mode::drop && !side.due.empty() && side.due.front().first <= loop_.now()) {
      std::string& text = side.due.front().second;
      const ssize_t n =
          text.empty() ? shutdown(side.fd.get(), SHUT_WR) : send(side.fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && errno != ENOTCONN) return give_up(id);
      if (n < 0) break;
      (end == &Pair::client ? counts_.to_client : counts_.to_server) += static_cast<std::uint64_t>(n);
      side.held -= static_cast<std::size_t>(n);
      side.told_end |= text.empty();
      text.erase(0, static_cast<std::size_t>(n));
      if (text.empty()) side.due.pop_front();
    }
    if (pair.client.told_end && pair.server.told_end) return forget(id);
    if (!side.due.empty() && side.due.front().first > loop_.now()) tell_later(id, end);
    watch_anew(pair);
  }

  void tell_later(Id id, End end) {
    Side& side = pairs_.at(id).*end;
    side.timer = Timer(loop_, side.due.front().first - loop_.now(), [this, id, end]() -> std::optional<Duration> {
      tell(id, end);
      return std::nullopt;
    });
  }

  void give_up(Id id) {
    abort(pairs_.at(id));
    forget(id);
  }
  void forget(Id id) {
    pairs_.erase(id);
    count_open();
  }

  EventLoop& loop_;
  std::uint16_t upstream_;
  Counts& counts_;
  Mode mode_ = Mode::pass;
  Duration delay_{};
  std::map<Id, Pair> pairs_;
  Listener listener_;
};

Gate::Gate(std::uint16_t upstream)
    : traffic_(std::make_unique<Traffic>(loop_, port(), upstream, counts_)), thread_([this] { loop_.run(); }) {}

Gate::~Gate() {
  loop_.stop();
  thread_.join();
  traffic_.reset();  // before the loop, which it uses
}

template <class Verb>
void Gate::on_thread(Verb verb) {
  std::promise<void> done;
  loop_.post([&] {
    verb(*traffic_);
    done.set_value();
  });
  done.get_future().wait();
}

void Gate::pass() {
  on_thread([](Traffic& traffic) { traffic.set(Mode::pass); });
}
void Gate::drop() {
  on_thread([](Traffic& traffic) { traffic.set(Mode::drop); });
}
void Gate::stall() {
  on_thread([](Traffic& traffic) { traffic.set(Mode::stall); });
}
void Gate::delay(Duration duration) {
  on_thread([duration](Traffic& traffic) { traffic.set(Mode::pass, duration); });
}
void Gate::corrupt() {
  on_thread([](Traffic& traffic) { traffic.set(Mode::corrupt); });
}
void Gate::refuse() {
  on_thread([](Traffic& traffic) { traffic.refuse(); });
}
void Gate::close() {
  on_thread([](Traffic& traffic) { traffic.end_all(false); });
}
void Gate::reset() {
  on_thread([](Traffic& traffic) { traffic.end_all(true); });
}

}  // namespace dbha::test
