#pragma once
/// Connections to nodes that may become primaries soon, so that a promotion costs no connect.

#include <map>
#include <random>

#include <dbha/event_loop.hpp>
#include <dbha/topology.hpp>

#include "redis/peers.hpp"

namespace dbha::redis {

/// Loop thread only.
class Standby {
 public:
  /// A suspicion that is not repeated for so long is over: beats repeat it each second.
  static constexpr Duration kept_for = std::chrono::seconds(5);
  /// A fleet of thousands hears of a suspicion at the same moment, and one node cannot take all connections at once.
  static constexpr Duration spread = std::chrono::seconds(1);

  Standby(EventLoop& loop, Peers& peers) : loop_(loop), peers_(peers) {}

  /// Connects to the replicas of the primary, each at a moment of its own within the next second, and keeps the
  /// connections for as long as this is repeated.
  void expect_failover(const Topology& topology, const NodeId& primary) {
    for (const auto& node : topology.nodes) {
      if (node.role == Role::replica && node.primary == primary && !node.endpoint.host.empty()) expect(node.endpoint);
    }
  }
  bool wants(const Endpoint& endpoint) const {
    const auto at = expected_.find(endpoint);
    return at != expected_.end() && loop_.now() < at->second.until;
  }
  void tidy() {
    std::erase_if(expected_, [&](const auto& entry) { return loop_.now() >= entry.second.until; });
  }
  void close() { expected_.clear(); }

 private:
  struct Expected {
    TimePoint until{};
    Timer open{};
  };

  void expect(const Endpoint& endpoint) {
    const auto [at, added] = expected_.try_emplace(endpoint);
    at->second.until = loop_.now() + kept_for;
    if (!added) return;
    std::uniform_int_distribution<Duration::rep> moment(0, Duration(spread).count());
    at->second.open = Timer(loop_, Duration(moment(random_)), [this, endpoint]() -> std::optional<Duration> {
      peers_.open(endpoint);
      return std::nullopt;
    });
  }

  EventLoop& loop_;
  Peers& peers_;
  std::map<Endpoint, Expected> expected_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace dbha::redis
