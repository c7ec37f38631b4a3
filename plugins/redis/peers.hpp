#pragma once
/// The nodes that calls go to, by address.

#include <functional>
#include <map>
#include <memory>

#include "redis/peer.hpp"

namespace dbha::redis {

/// Loop thread only.
class Peers {
 public:
  /// Makes a peer for an endpoint.
  using Make = std::function<std::unique_ptr<Peer>(const Endpoint&)>;

  explicit Peers(Make make) : make_(std::move(make)) {}

  /// The peer at that address, connected or connecting. Stays where it is until it is retired.
  Peer& open(const Endpoint& endpoint) {
    auto& peer = peers_[endpoint];
    if (!peer) peer = make_(endpoint);
    peer->want();
    return *peer;
  }
  Peer* find(const Endpoint& endpoint) const {
    const auto at = peers_.find(endpoint);
    return at != peers_.end() ? at->second.get() : nullptr;
  }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [endpoint, peer] : peers_) visit(*peer);
  }
  /// Closes those for which it holds. Not from inside a peer's callbacks.
  template <class Condition>
  std::size_t retire_if(Condition condition) {
    return std::erase_if(peers_, [&](const auto& entry) { return condition(*entry.second); });
  }

 private:
  Make make_;
  std::map<Endpoint, std::unique_ptr<Peer>> peers_;
};

}  // namespace dbha::redis
