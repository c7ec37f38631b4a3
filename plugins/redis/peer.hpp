#pragma once
/// One node as the Database sees it: a connection that calls share, made again when it is lost.

#include <memory>
#include <optional>
#include <string>

#include "redis/backoff.hpp"
#include "redis/connection.hpp"

namespace dbha::redis {

/// Loop thread only. After a loss it reconnects once, at once; if that fails too, it goes on with growing pauses, so
/// that a node that comes back needs no topology to be found. Must not be destroyed from inside its listener's
/// functions; shut() is allowed there.
class Peer final : private Connection::Listener {
 public:
  class Listener {
   public:
    /// The node answers: calls may be sent.
    virtual void on_peer_up(Peer& peer) = 0;
    /// The connection is gone, or could not be made. The handlers of its requests have been told. `again`: this was not
    /// the first try since the node last answered, so it is not a mere loss of one connection.
    virtual void on_peer_down(Peer& peer, CloseReason reason, const std::string& detail, bool again) = 0;
    /// It owes an answer and has said nothing for probe_timeout, although the connection stands. Comes again for as
    /// long as that lasts. No reason to close: a primary that pauses writes for a failover answers later.
    virtual void on_peer_silent(Peer& peer) = 0;
    /// Asked before each reconnection.
    virtual bool peer_is_wanted(const Peer& peer) const = 0;

   protected:
    ~Listener() = default;
  };

  Peer(EventLoop& loop, Connection::Settings settings, Duration probe_timeout, Listener& listener);

  const Endpoint& endpoint() const { return settings_.endpoint; }
  /// Where to send; nullptr while the node does not answer.
  Connection* connection() const {
    return connection_ && connection_->state() == Connection::State::up ? connection_.get() : nullptr;
  }
  /// Makes a connection if there is none and none is being made.
  void want();
  /// Asks for a sign of life if the connection has been idle for a second.
  void probe();
  /// To be called after each request: from now on the node owes an answer.
  void expect_answer() {
    if (!watching_) watch();
  }
  /// Closes for good. Nothing is called afterwards.
  void shut();

  /// Of the present connection, or the last; the Database numbers them itself. See Result::session.
  std::uint64_t session = 0;
  /// How many calls of the Database are on the connection; the Database counts them itself.
  std::size_t calls = 0;
  /// When the last of them left.
  TimePoint idle_since{};

 private:
  void on_up(Connection& connection) override;
  void on_closed(Connection& connection, CloseReason reason, const std::string& detail) override;
  void connect();
  void connect_after(Duration delay);
  void watch();
  std::optional<Duration> look_for_silence();

  EventLoop& loop_;
  Connection::Settings settings_;
  Duration probe_timeout_;
  Listener& listener_;
  Backoff backoff_;
  std::unique_ptr<Connection> connection_;
  bool shut_ = false;
  std::optional<TimePoint> up_since_;
  Timer retry_;
  bool retrying_ = false;  // retry_ runs
  Timer watch_timer_;
  bool watching_ = false;  // watch_timer_ runs
};

}  // namespace dbha::redis
