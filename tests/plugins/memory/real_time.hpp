#pragma once
/// A database in real time and a loop to use it from: what the tests of source and database share.

#include <chrono>
#include <future>
#include <memory>

#include "loop/epoll_loop.hpp"
#include "memory/server.hpp"

namespace dbha::test {

using namespace std::chrono_literals;

/// 300 partitions; fast enough that an election takes a second.
inline memory::ClusterSettings quick() {
  memory::ClusterSettings out;
  out.partitions = 300;
  out.node_timeout = 200ms;
  return out;
}

struct RealTime {
  EpollLoop loop;
  std::shared_ptr<memory::Server> server = std::make_shared<memory::Server>(quick());

  /// Serves the loop until the condition holds. False: it did not within the time given.
  template <class Condition>
  bool until(Condition condition, Duration limit = 10s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      loop.turn(5ms);
    }
    return true;
  }
  /// Serves the loop for that long, to see that something does not happen.
  void pass(Duration time) {
    until([] { return false; }, time);
  }
  /// What a function makes of the cluster, on the server's thread.
  template <class F>
  auto in_cluster(F use) {
    using Result = decltype(use(std::declval<memory::Cluster&>()));
    auto promise = std::make_shared<std::promise<Result>>();
    auto result = promise->get_future();
    server->post([promise, use](memory::Server::Room& room) {
      if constexpr (std::is_void_v<Result>) {
        use(room.cluster);
        promise->set_value();
      } else {
        promise->set_value(use(room.cluster));
      }
    });
    return result.get();
  }
  Endpoint endpoint(std::size_t node) {
    return in_cluster([node](memory::Cluster& c) { return c.endpoint(node); });
  }
  NodeId id(std::size_t node) {
    return in_cluster([node](memory::Cluster& c) { return c.id(node); });
  }
  void kill(std::size_t node) {
    in_cluster([node](memory::Cluster& c) { c.kill(node); });
  }
  bool promoted(std::size_t node) {
    return in_cluster([node](memory::Cluster& c) { return c.promoted(node); });
  }
};

}  // namespace dbha::test
