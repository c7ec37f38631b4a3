#include "redis/peer.hpp"

namespace dbha::redis {
namespace {

constexpr Duration first_pause = std::chrono::milliseconds(50);
constexpr Duration longest_pause = std::chrono::seconds(1);
constexpr Duration idle_before_probe = std::chrono::seconds(1);

// A connection that lived shorter than this is no reason to try again at once: a node that lets us in and throws us out
// would keep both busy.
constexpr Duration steady_after = std::chrono::seconds(1);

}  // namespace

Peer::Peer(EventLoop& loop, Connection::Settings settings, Duration probe_timeout, Listener& listener)
    : loop_(loop),
      settings_(std::move(settings)),
      probe_timeout_(probe_timeout),
      listener_(listener),
      backoff_(first_pause, longest_pause) {
  idle_since = loop.now();
}

void Peer::want() {
  if (!connection_ && !retrying_ && !shut_) connect();
}

void Peer::connect() {
  retrying_ = false;
  Connection::Listener& self = *this;  // a private base, so make_unique cannot convert to it
  connection_ = std::make_unique<Connection>(loop_, settings_, self);
}

void Peer::connect_after(Duration delay) {
  retrying_ = true;
  retry_ = Timer(loop_, delay, [this]() -> std::optional<Duration> {
    connect();
    return std::nullopt;
  });
}

void Peer::on_up(Connection&) {
  up_since_ = loop_.now();
  listener_.on_peer_up(*this);
}

void Peer::on_closed(Connection&, CloseReason reason, const std::string& detail) {
  const bool steady = up_since_ && loop_.now() - *up_since_ >= steady_after;
  up_since_.reset();
  watching_ = false;
  watch_timer_.reset();
  connection_.reset();
  if (steady) backoff_.reset();
  if (listener_.peer_is_wanted(*this)) steady ? connect() : connect_after(backoff_.next());
  listener_.on_peer_down(*this, reason, detail, !steady);  // last: it may shut() us
}

void Peer::probe() {
  if (!connection() || connection_->outstanding() > 0) return;
  if (loop_.now() - connection_->last_heard() < idle_before_probe) return;
  connection_->send({"PING"}, [](Fate, Value&&) {});
  expect_answer();
}

void Peer::watch() {
  watching_ = true;
  watch_timer_ = Timer(loop_, probe_timeout_, [this] { return look_for_silence(); });
}

/// One timer for all requests: it looks again when the silence that it found may have become long enough.
std::optional<Duration> Peer::look_for_silence() {
  const Duration silence = connection() ? connection_->silence() : Duration(0);
  const bool owes = connection() && connection_->outstanding() > 0;
  watching_ = owes;
  if (!owes) return std::nullopt;
  if (silence < probe_timeout_) return probe_timeout_ - silence;
  listener_.on_peer_silent(*this);
  return probe_timeout_;
}

void Peer::shut() {
  shut_ = true;
  retry_.reset();
  watch_timer_.reset();
  connection_.reset();
}

}  // namespace dbha::redis
