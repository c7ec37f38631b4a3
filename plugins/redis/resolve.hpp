#pragma once
/// Names to addresses, without ever blocking the loop.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/socket.h>

#include <dbha/event_loop.hpp>

namespace dbha::redis {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

/// The address that an endpoint's host spells out; nothing if the host is a name.
std::optional<SocketAddress> numeric_address(const Endpoint& endpoint);

/// One question to the resolver of the system. getaddrinfo blocks for seconds when a name server is away, so it runs on
/// a helper thread. Questions for the same name share one thread, so a retry does not add to those that hang already.
class Lookup {
 public:
  /// No addresses: `error` says why. Called once on the loop thread, later than the constructor returns; not after the
  /// Lookup has been destroyed.
  using Done = std::function<void(std::vector<SocketAddress> addresses, std::string error)>;

  Lookup(EventLoop& loop, const Endpoint& endpoint, Done done);
  ~Lookup();
  Lookup(Lookup&&) = delete;

  struct Waiter;  // what the helper thread knows of a Lookup

 private:
  std::shared_ptr<Waiter> waiter_;
};

}  // namespace dbha::redis
