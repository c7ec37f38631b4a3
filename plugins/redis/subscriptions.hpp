#pragma once
/// The pub/sub connection: one, to the node that rendezvous hashing picks for this controller.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/event_loop.hpp>

#include "redis/backoff.hpp"
#include "redis/connection.hpp"

namespace dbha::redis {

/// Loop thread only. Any node of a cluster delivers every message, so when one fails another is taken at once; what was
/// published in between is lost, and the listener is told. Message handlers may subscribe, unsubscribe and close, but
/// not destroy it.
class Subscriptions final : private Connection::Listener {
 public:
  /// `settings` is for all nodes; its endpoint does not matter.
  Subscriptions(EventLoop& loop, Log& log, Connection::Settings settings, Duration probe_timeout,
                DatabaseListener& listener);

  /// Connects, if there is no connection; moves, if the node is no longer a member or has another address. It stays
  /// otherwise, even if the hash would now pick a new node: each move may lose messages.
  void apply(std::shared_ptr<const Topology> topology);
  void subscribe(std::string channel, Database::MessageHandler handler);
  void unsubscribe(const std::string& channel);
  void close();

  /// The node in use; empty while there is none.
  const NodeId& node() const { return node_; }

 private:
  struct Channel {
    std::shared_ptr<const Database::MessageHandler> handler;
    bool requested = false;  // on the present connection
    bool confirmed = false;  // there too
  };

  void on_up(Connection& connection) override;
  void on_closed(Connection& connection, CloseReason reason, const std::string& detail) override;
  void on_push(Connection& connection, Value push) override;

  const dbha::Node* choose();
  void connect();
  void disconnect();
  void move_on(HintKind kind, const std::string& why);
  void request(const std::string& channel);
  void on_confirmed(const std::string& channel, const Value& reply);
  void tell_if_whole();
  Duration watch_over();

  EventLoop& loop_;
  Log& log_;
  Connection::Settings settings_;
  Duration probe_timeout_;
  DatabaseListener& listener_;
  std::shared_ptr<const Topology> topology_;
  std::map<std::string, Channel> channels_;
  std::set<std::string> interrupted_;  // were requested on a connection that is gone, are not yet confirmed again
  TimePoint interrupted_from_{};
  std::map<NodeId, TimePoint> avoided_;  // failed lately; until when
  NodeId node_;
  Backoff backoff_;
  Timer retry_;
  Timer watch_timer_;
  std::unique_ptr<Connection> connection_;
  bool closed_ = false;
};

}  // namespace dbha::redis
