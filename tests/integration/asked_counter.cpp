#include "asked_counter.hpp"

#include <algorithm>

#include "lab/cluster_nodes.hpp"

namespace dbha::test {
namespace {

using namespace std::chrono_literals;

bool asked_by_detectors(const std::string& command, bool of_primary) {
  return command.starts_with("cluster") || command == "info" || command == "role" || command == "auth" ||
         command == "client|setname" || command == "ssubscribe" || (command == "ping" && of_primary);
}

/// The lines are "cmdstat_ping:calls=3,usec=...".
double calls_of(const lab::Reply& commandstats, bool of_primary) {
  double calls = 0;
  for (const auto& [name, values] : lab::parse_info(commandstats.text))
    if (asked_by_detectors(name.substr(name.find('_') + 1), of_primary))
      calls += std::stod(values.substr(values.find('=') + 1));
  return calls;
}

}  // namespace

AskedCounter::AskedCounter(lab::RedisCluster& cluster) {
  const auto primaries = cluster.primaries();
  for (const auto& node : cluster.nodes()) {
    const bool is_primary = std::find(primaries.begin(), primaries.end(), node.index) != primaries.end();
    nodes_.push_back({cluster.client(node.index), is_primary, 0, 0});
  }
}

void AskedCounter::look(std::optional<std::size_t> unreachable) {
  Look look{Clock::now(), {}, 0};
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    auto& node = nodes_[i];
    if (i != unreachable)
      node.calls = calls_of(node.client.demand({"INFO", "commandstats"}), node.is_primary) - node.own_questions++;
    look.calls += node.calls;
  }
  look.end = Clock::now();
  looks_.push_back(look);
}

double AskedCounter::rate(const Look& from, const Look& to) {
  return (to.calls - from.calls) / std::chrono::duration<double>(to.end - from.begin).count();
}

double AskedCounter::highest_rate() {
  double highest = 0;
  for (auto from = looks_.begin(); from != looks_.end(); ++from) {
    const auto to = std::find_if(from, looks_.end(), [&](const Look& look) { return look.begin - from->end >= 1s; });
    if (to != looks_.end()) highest = std::max(highest, rate(*from, *to));
  }
  if (!looks_.empty()) looks_.erase(looks_.begin(), std::prev(looks_.end()));
  return highest;
}

}  // namespace dbha::test
