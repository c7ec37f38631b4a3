#include "redis/topology_source.hpp"

#include <set>
#include <utility>

namespace dbha::redis {

RedisTopologySource::RedisTopologySource(EventLoop& loop, Log& log, ProbeSettings settings,
                                         TopologySourceListener& listener)
    : loop_(loop), log_(log), settings_(std::move(settings)), listener_(listener) {}

void RedisTopologySource::set_endpoints(const std::vector<Endpoint>& endpoints) {
  const std::set<Endpoint> wanted(endpoints.begin(), endpoints.end());
  for (auto it = probes_.begin(); it != probes_.end();) {
    if (!wanted.contains(it->first)) retire(std::move(it->second));
    it = it->second ? std::next(it) : probes_.erase(it);
  }
  for (const auto& endpoint : wanted) {
    auto& probe = probes_[endpoint];
    if (!probe) probe = std::make_unique<NodeProbe>(loop_, log_, settings_, endpoint, listener_);
  }
}

void RedisTopologySource::ask(const Endpoint& endpoint, Question question) {
  const auto it = probes_.find(endpoint);
  if (it != probes_.end()) {
    it->second->ask(question);
  } else {
    orphans_.push_back({endpoint, {question, loop_.now()}});
    sweep_soon();
  }
}

void RedisTopologySource::retire(std::unique_ptr<NodeProbe> probe) {
  for (const auto& asked : probe->retire()) orphans_.push_back({probe->endpoint(), asked});
  retired_.push_back(std::move(probe));
  sweep_soon();
}

void RedisTopologySource::sweep_soon() {
  sweep_ = Timer(loop_, Duration(0), [this]() -> std::optional<Duration> {
    retired_.clear();
    for (const auto& orphan : std::exchange(orphans_, {}))
      listener_.on_no_answer(orphan.endpoint, orphan.asked.question, orphan.asked.at);
    return std::nullopt;
  });
}

}  // namespace dbha::redis
