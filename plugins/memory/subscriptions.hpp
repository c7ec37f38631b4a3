#pragma once
/// The pub/sub connection: one, to the node that rendezvous hashing picks for this controller.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "memory/hints.hpp"
#include "memory/line.hpp"

namespace dbha::memory {

/// Loop thread only. Any node passes on every message, so when one fails another is taken at once; what was published
/// in between is lost, and the listener is told.
class Subscriptions {
 public:
  Subscriptions(EventLoop& loop, Line& line, Hints& hints, std::string client, Duration probe_timeout,
                DatabaseListener& listener);

  /// Stays where it is as long as the node is a member: each move may lose messages.
  void apply(std::shared_ptr<const Topology> topology);
  void subscribe(std::string channel, Database::MessageHandler handler);
  void unsubscribe(const std::string& channel);
  void close();

  void on_lost(const Endpoint& endpoint);
  void on_message(const Endpoint& at, const std::string& channel, const std::string& message);

 private:
  const dbha::Node* choose();
  void connect();
  void ask();
  void on_answer(std::uint64_t connection, bool answered);
  void move_on(HintKind kind);
  void watch_over();

  EventLoop& loop_;
  Line& line_;
  Hints& hints_;
  const std::string client_;
  const Duration probe_timeout_;
  DatabaseListener& listener_;
  std::shared_ptr<const Topology> topology_;
  std::map<std::string, std::shared_ptr<const Database::MessageHandler>> channels_;
  std::set<std::string> interrupted_;  // since the last node was lost
  TimePoint interrupted_from_{};
  std::map<NodeId, TimePoint> avoided_;  // failed lately; until when
  NodeId node_;                          // empty: none
  Endpoint endpoint_;
  std::uint64_t connection_ = 0;  // tells the answers of this node from those of an earlier one
  bool up_ = false;
  TimePoint heard_{};
  std::optional<TimePoint> owes_;  // a PING without an answer
  Timer retry_;
  Timer watch_;
};

}  // namespace dbha::memory
