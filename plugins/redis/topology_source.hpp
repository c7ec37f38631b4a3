#pragma once
/// The database as the detector sees it: a probe for each endpoint.

#include <map>
#include <memory>
#include <vector>

#include "redis/node_probe.hpp"

namespace dbha::redis {

class RedisTopologySource final : public TopologySource {
 public:
  /// loop, log and listener outlive the source.
  RedisTopologySource(EventLoop& loop, Log& log, ProbeSettings settings, TopologySourceListener& listener);

  void use(const Signals& signals) override { settings_.signals = signals; }
  void set_endpoints(const std::vector<Endpoint>& endpoints) override;
  void ask(const Endpoint& endpoint, Question question) override;

 private:
  struct Orphan {
    Endpoint endpoint;
    NodeProbe::Asked asked;
  };

  void retire(std::unique_ptr<NodeProbe> probe);
  void sweep_soon();

  EventLoop& loop_;
  Log& log_;
  ProbeSettings settings_;
  TopologySourceListener& listener_;
  std::map<Endpoint, std::unique_ptr<NodeProbe>> probes_;
  std::vector<std::unique_ptr<NodeProbe>> retired_;  // may be in the middle of a call to the listener: ends in sweep_
  std::vector<Orphan> orphans_;                      // questions to endpoints that are gone
  Timer sweep_;
};

}  // namespace dbha::redis
