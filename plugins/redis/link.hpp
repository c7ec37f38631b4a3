#pragma once
/// Keeps one connection to one node, for as long as the node is wanted.
///
/// The problem: a connection can be dead without a sign. After a partition heals, TCP may wait two minutes for its next
/// retransmission, and a host that lost its power never says RST; but a stopped process that wakes up answers on the
/// connection it had, so closing at the first missed answer would be wrong too. The rule: a connection that has been
/// silent for `silent_after` although something was asked gets a rival, a second connection to the same node. Whichever
/// answers first is kept. Its weak spot: a node that is stopped for long sees a connection a second, and drops them
/// when it wakes.

#include <memory>
#include <optional>
#include <string>

#include "redis/backoff.hpp"
#include "redis/connection.hpp"

namespace dbha::redis {

/// Loop thread only. The destructor closes and calls nothing; not allowed inside its own callbacks, but close() is.
class Link final : private Connection::Listener {
 public:
  class Listener {
   public:
    /// A connection has been begun: requests sent from now on go out behind its greeting.
    virtual void on_link_opened(Connection& connection) = 0;
    virtual void on_link_up() = 0;
    /// The connection is over, its requests have been told. `was_up`: the node had answered on it before.
    virtual void on_link_lost(CloseReason reason, const std::string& detail, bool was_up) = 0;
    /// A rival has answered first and has taken the place of the silent connection. Requests on the old one are
    /// forgotten: their handlers are not called.
    virtual void on_link_replaced(Connection& connection) = 0;
    virtual void on_link_push(Value /*push*/) {}  // NOLINT(performance-unnecessary-value-param)

   protected:
    ~Listener() = default;
  };

  Link(EventLoop& loop, Connection::Settings settings, Listener& listener);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// The connection to send on, also while it connects; nullptr between two tries.
  Connection* connection() { return current_.get(); }
  const Endpoint& endpoint() const { return settings_.endpoint; }
  /// An answer is overdue. Starts a rival if the connection has been silent for long enough.
  void doubt();
  /// Closes for good; nothing is called afterwards.
  void close();

 private:
  static constexpr Duration first_delay = std::chrono::milliseconds(50);
  static constexpr Duration longest_delay = std::chrono::seconds(1);
  static constexpr Duration silent_after = std::chrono::seconds(1);
  /// A connection that lived shorter than this is no reason to try again at once: a node that lets us in and throws us
  /// out would keep both busy.
  static constexpr Duration steady_after = std::chrono::seconds(1);

  void on_up(Connection& connection) override;
  void on_closed(Connection& connection, CloseReason reason, const std::string& detail) override;
  void on_push(Connection& connection, Value push) override;
  std::unique_ptr<Connection> connect();
  void open();
  void open_after(Duration delay);
  void rival_closed(CloseReason reason, const std::string& detail);

  EventLoop& loop_;
  Connection::Settings settings_;
  Listener& listener_;
  Backoff backoff_{first_delay, longest_delay};
  std::optional<TimePoint> up_since_;
  TimePoint next_rival_{};
  Timer retry_;
  std::unique_ptr<Connection> current_;
  std::unique_ptr<Connection> rival_;
};

}  // namespace dbha::redis
