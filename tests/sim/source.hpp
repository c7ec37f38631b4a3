#pragma once

#include <deque>
#include <set>

#include <dbha/backend.hpp>

#include "clock.hpp"
#include "gate.hpp"
#include "model/cluster.hpp"

namespace dbha::sim {

/// What a question costs, as of a Redis Cluster.
QuestionCost cost_of(Question question, std::size_t nodes);

/// Asks the nodes of the model, as a backend's source would: each question has exactly one answer within
/// probe_timeout, and a lost connection or a demotion is a hint. All of it passes the process's gate.
class Source final : public TopologySource {
 public:
  static constexpr Duration probe_timeout = std::chrono::milliseconds(300);

  /// `unreached`: what this process cannot reach now, though others may.
  Source(VirtualClock& clock, memory::Cluster& cluster, Gate& gate, TopologySourceListener& listener,
         const std::set<Endpoint>& unreached);
  ~Source() override;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  void set_endpoints(const std::vector<Endpoint>& endpoints) override;
  void ask(const Endpoint& endpoint, Question question) override;

 private:
  struct Asked {
    Endpoint endpoint;
    Question question;
    TimePoint at;
    bool settled = false;
  };

  void on_answer(std::uint64_t number, std::optional<View> view);
  void deliver(const Asked& asked, View view);
  void expire();
  void arm();
  void raise(HintKind kind, const Endpoint& endpoint);

  VirtualClock& clock_;
  memory::Cluster& cluster_;
  Gate& gate_;
  TopologySourceListener& listener_;
  const std::set<Endpoint>& unreached_;
  std::set<Endpoint> endpoints_;
  std::deque<Asked> asked_;  ///< in order of time, so that the first one expires first
  std::uint64_t first_ = 0;  ///< the number of the first of them
  bool armed_ = false;
  memory::Cluster::ObserverId observer_;
  Life life_;
};

}  // namespace dbha::sim
