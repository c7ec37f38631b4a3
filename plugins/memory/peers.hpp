#pragma once
/// The nodes as the Database sees them: whether a connection to each would stand.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

#include "memory/line.hpp"

namespace dbha::memory {

/// Loop thread only. A node counts as up once it has answered a PING, until a connection to it is lost. After a loss it
/// is tried again once, at once; then with growing pauses.
class Peers {
 public:
  class Listener {
   public:
    virtual void on_peer_up(const Endpoint& endpoint) = 0;
    /// `again`: this was not the first try since the node last answered, so it is not a mere loss of one connection.
    virtual void on_peer_down(const Endpoint& endpoint, bool again) = 0;
    /// It owes an answer for longer than probe_timeout.
    virtual void on_peer_silent(const Endpoint& endpoint) = 0;
    /// Asked before each new try.
    virtual bool peer_is_wanted(const Endpoint& endpoint) const = 0;

   protected:
    ~Listener() = default;
  };

  Peers(EventLoop& loop, Line& line, Duration probe_timeout, Listener& listener);

  /// Begins to connect if it is not known yet. The number of the connection that stands; nothing while none does.
  std::optional<std::uint64_t> connection(const Endpoint& endpoint);
  bool up(const Endpoint& endpoint) const;
  /// Something was answered there.
  void heard(const Endpoint& endpoint);
  /// A connection was lost; `connection` tells which, nothing: the present one.
  void lost(const Endpoint& endpoint, std::optional<std::uint64_t> connection = std::nullopt);
  void close();

 private:
  struct Peer {
    bool up = false;
    bool failed_before = false;
    std::uint64_t connection = 0;
    unsigned tries = 0;
    TimePoint heard{};
    std::optional<TimePoint> owes;  // a PING without an answer
    Timer retry;
  };

  void ping(const Endpoint& endpoint);
  void on_pong(const Endpoint& endpoint, std::uint64_t connection, bool answered);
  void failed(const Endpoint& endpoint);
  void watch_over();

  EventLoop& loop_;
  Line& line_;
  const Duration probe_timeout_;
  Listener& listener_;
  std::map<Endpoint, Peer> peers_;
  std::uint64_t next_connection_ = 1;
  Timer watch_;
};

}  // namespace dbha::memory
