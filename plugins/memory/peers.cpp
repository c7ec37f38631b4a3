#include "memory/peers.hpp"

#include <algorithm>
#include <vector>

namespace dbha::memory {
namespace {

constexpr Duration idle_before_probe = std::chrono::seconds(1);
constexpr Duration first_pause = std::chrono::milliseconds(50);
constexpr Duration longest_pause = std::chrono::seconds(1);

Duration pause(unsigned tries) {
  return std::min<Duration>(first_pause * (1 << std::min(tries, 5U)), longest_pause);
}

}  // namespace

Peers::Peers(EventLoop& loop, Line& line, Duration probe_timeout, Listener& listener)
    : loop_(loop), line_(line), probe_timeout_(probe_timeout), listener_(listener) {
  watch_ = Timer(loop_, probe_timeout_, [this]() -> std::optional<Duration> {
    watch_over();
    return probe_timeout_;
  });
}

std::optional<std::uint64_t> Peers::connection(const Endpoint& endpoint) {
  const auto [at, added] = peers_.try_emplace(endpoint);
  if (added) ping(endpoint);
  return at->second.up ? std::optional(at->second.connection) : std::nullopt;
}

bool Peers::up(const Endpoint& endpoint) const {
  const auto at = peers_.find(endpoint);
  return at != peers_.end() && at->second.up;
}

/// On a peer that is not up it opens a connection.
void Peers::ping(const Endpoint& endpoint) {
  Peer& peer = peers_.at(endpoint);
  if (!peer.up) peer.connection = next_connection_++;
  peer.owes = loop_.now();
  line_.call(endpoint, {"PING"}, [this, endpoint, connection = peer.connection](const std::optional<Value>& reply) {
    on_pong(endpoint, connection, reply.has_value());
  });
}

void Peers::on_pong(const Endpoint& endpoint, std::uint64_t connection, bool answered) {
  const auto at = peers_.find(endpoint);
  if (at == peers_.end() || at->second.connection != connection) return;
  if (!answered) return at->second.up ? lost(endpoint) : failed(endpoint);
  heard(endpoint);
  if (std::exchange(at->second.up, true)) return;
  at->second.failed_before = false;
  at->second.tries = 0;
  listener_.on_peer_up(endpoint);
}

void Peers::heard(const Endpoint& endpoint) {
  const auto at = peers_.find(endpoint);
  if (at == peers_.end()) return;
  at->second.heard = loop_.now();
  at->second.owes.reset();
}

void Peers::lost(const Endpoint& endpoint, std::optional<std::uint64_t> connection) {
  const auto at = peers_.find(endpoint);
  if (at == peers_.end() || !at->second.up) return;
  if (connection && *connection != at->second.connection) return;
  at->second.up = false;
  failed(endpoint);
}

void Peers::failed(const Endpoint& endpoint) {
  Peer& peer = peers_.at(endpoint);
  peer.owes.reset();
  const bool again = std::exchange(peer.failed_before, true);
  if (!listener_.peer_is_wanted(endpoint)) {
    peers_.erase(endpoint);
  } else if (!again) {
    ping(endpoint);
  } else {
    peer.retry = Timer(loop_, pause(peer.tries++), [this, endpoint]() -> std::optional<Duration> {
      ping(endpoint);
      return std::nullopt;
    });
  }
  listener_.on_peer_down(endpoint, again);  // last: it may close()
}

void Peers::watch_over() {
  std::vector<Endpoint> silent;
  for (auto& [endpoint, peer] : peers_) {
    if (peer.owes) {
      if (loop_.now() - *peer.owes >= probe_timeout_) silent.push_back(endpoint);
    } else if (peer.up && loop_.now() - peer.heard >= idle_before_probe) {
      ping(endpoint);
    }
  }
  for (const Endpoint& endpoint : silent) listener_.on_peer_silent(endpoint);
}

void Peers::close() {
  watch_.reset();
  peers_.clear();
}

}  // namespace dbha::memory
