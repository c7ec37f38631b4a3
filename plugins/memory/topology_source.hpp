#pragma once
/// The database as the detector sees it.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "memory/line.hpp"

namespace dbha::memory {

/// Loop thread only.
class MemorySource final : public TopologySource {
 public:
  MemorySource(std::shared_ptr<Server> server, EventLoop& loop, std::string process, Duration probe_timeout,
               TopologySourceListener& listener);

  void use(const Signals& signals) override { signals_ = signals; }
  void set_endpoints(const std::vector<Endpoint>& endpoints) override;
  void ask(const Endpoint& endpoint, Question question) override;

 private:
  using QuestionId = std::uint64_t;
  struct Asked {
    Endpoint endpoint;
    Question question;
    TimePoint at;
  };
  /// What a connection would know: whether it stands, and who is at its other end.
  struct Peer {
    NodeId node;
    bool up = false;
    bool refusal_told = false;  // of one outage, once
  };

  void on_answer(QuestionId id, const std::optional<Line::Answer>& answer);
  void deliver(const Asked& asked, const Line::Answer& answer);
  void no_answer(const Asked& asked);
  void on_lost(const Endpoint& endpoint);
  void on_refused(const Endpoint& endpoint);
  void on_demoted(const Endpoint& endpoint);
  std::optional<Duration> expire();

  EventLoop& loop_;
  const std::string process_;
  const Duration probe_timeout_;
  Signals signals_;
  TopologySourceListener& listener_;
  std::map<Endpoint, Peer> peers_;
  std::map<QuestionId, Asked> asked_;  // in the order of their deadlines, too
  QuestionId next_id_ = 1;
  bool deadline_armed_ = false;
  Timer deadline_;
  Line line_;  // last: nothing may arrive when the others are gone
};

}  // namespace dbha::memory
