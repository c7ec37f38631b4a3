#include <stdexcept>

#include "lab/redis_cluster.hpp"
#include "lab/wait.hpp"

namespace dbha::lab {
namespace {

constexpr std::chrono::milliseconds kPoll{5};

Answers ask(RedisNode& node, std::size_t index) {
  Answers answers;
  answers.index = index;
  answers.view = node.cluster_nodes();
  answers.state = parse_info(node.admin().demand({"CLUSTER", "INFO"}).text)["cluster_state"];
  if (answers.self().is_primary()) answers.replication = node.info("replication");
  return answers;
}

}  // namespace

std::optional<Unmet> RedisCluster::unmet(const std::vector<Check>& checks) {
  std::vector<Answers> all;
  std::size_t index = 0;
  try {
    for (const std::size_t each : running()) all.push_back(ask(at(index = each), each));
    for (Answers& one : all)  // replicas after all primaries, see Answers
      if (!one.self().is_primary()) one.replication = at(index = one.index).info("replication");
  } catch (const std::runtime_error& error) {
    return Unmet{index, std::string("an answer (") + error.what() + ")"};
  }
  for (const Check check : checks)
    if (auto missing = check(all)) return missing;
  return std::nullopt;
}

void RedisCluster::wait_for(Duration timeout, const std::string& what, const std::vector<Check>& checks) {
  if (!options_.cluster_enabled) return;
  std::optional<Unmet> missing;
  const auto met = [&] { return !(missing = unmet(checks)).has_value(); };
  if (!wait_until(timeout, met, kPoll)) fail(missing->index, what + " in vain; missing: " + missing->condition);
}

void RedisCluster::wait_ready(Duration timeout) {
  wait_for(timeout, "waited for a ready cluster", {unmet_agreement, unmet_replication, unmet_state});
}

void RedisCluster::wait_agreed(Duration timeout) {
  wait_for(timeout, "waited for equal views", {unmet_agreement});
}

void RedisCluster::wait_replicas_in_sync(Duration timeout) {
  wait_for(timeout, "waited for replicas in sync", {unmet_replication});
}

}  // namespace dbha::lab
