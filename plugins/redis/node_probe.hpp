#pragma once
/// Asks one node. Every question ends in one answer: what the node said, or that nothing usable came in time. A missed
/// answer is never a reason to close: the late reply is matched to its request and dropped.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/context.hpp>

#include "redis/answer.hpp"
#include "redis/link.hpp"
#include "redis/parked_channel.hpp"

namespace dbha::redis {

struct ProbeSettings {
  Access access;
  std::string client_name;
  Duration probe_timeout;
  Signals signals{};
};

/// Loop thread only. Must not be destroyed inside a call of the listener: retire() it there, and destroy it later.
class NodeProbe final : private Link::Listener {
 public:
  struct Asked {
    Question question;
    TimePoint at;
  };

  NodeProbe(EventLoop& loop, Log& log, const ProbeSettings& settings, Endpoint endpoint,
            TopologySourceListener& listener);

  const Endpoint& endpoint() const { return link_.endpoint(); }
  void ask(Question question);
  /// Closes for good and returns the questions that have had no answer.
  std::vector<Asked> retire();

 private:
  struct Pending {
    Asked asked;
    std::array<Value, most_commands> replies;
    std::array<Connection::RequestId, most_commands> requests{};
    std::size_t commands = 0;
    std::size_t missing = 0;
  };
  /// Questions are numbered in the order in which they were asked, so the first of the map is the first to be overdue.
  using QuestionId = std::uint64_t;

  void on_link_opened(Connection& connection) override;
  void on_link_up() override;
  void on_link_lost(CloseReason reason, const std::string& detail, bool was_up) override;
  void on_link_replaced(Connection& connection) override;

  void send(Question question, Connection& connection);
  void on_reply(QuestionId id, std::size_t index, Fate fate, Value&& value);
  void finish(const Pending& pending);
  void ask_who(Connection& connection);

  void deliver(View view, const Asked& asked);
  void deliver(const RoleReply& reply, const Asked& asked);
  void deliver(const ClusterInfo& info, const Asked& asked);
  void deliver(Alive, const Asked& asked);
  void deliver(const NotServing& state, const Asked& asked);
  void deliver(const Unusable& state, const Asked& asked);

  void answer_later(const Asked& asked);
  void answer_without_node(const Asked& asked);
  void fail_pending();
  void arm_deadline();
  std::optional<Duration> expire();
  void withdraw(const Pending& pending);

  bool is_news(CloseReason reason, bool was_up);
  std::string username() const;
  void note_unusable(CloseReason reason, const std::string& detail);
  void send_hint(HintKind kind, std::optional<Partition> slot = std::nullopt, std::string detail = {});

  EventLoop& loop_;
  Log& log_;
  TopologySourceListener& listener_;
  const ProbeSettings settings_;

  NodeId node_;                           // who answers on the present connection; empty until it has said so
  NodeId last_node_;                      // who answered at this endpoint last: for hints
  std::optional<CloseReason> last_loss_;  // why there is no connection
  std::string unusable_;                  // why the node does not let us in; empty if it does or does not answer
  bool not_serving_ = false;

  QuestionId next_id_ = 0;
  std::map<QuestionId, Pending> pending_;
  std::vector<Asked> unsendable_;  // to be answered in the next turn
  std::vector<Asked> early_;       ///< asked before the first connection was begun
  bool opened_ = false;
  Timer deadline_;
  bool deadline_armed_ = false;
  Timer answer_soon_;
  ParkedChannel parked_;
  Link link_;  // last: its callbacks use all of the above
};

}  // namespace dbha::redis
