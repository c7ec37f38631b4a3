#include "lab/cluster_health.hpp"

#include <algorithm>
#include <tuple>

namespace dbha::lab {
namespace {

/// What nodes have to agree on about a node.
using Fact = std::tuple<std::string, bool, std::string, std::uint64_t, std::vector<SlotRange>>;

std::map<std::string, Fact> facts(const std::vector<ClusterNode>& view) {
  std::map<std::string, Fact> all;
  for (const auto& node : view)
    all[node.id] = {node.id, node.is_primary(), node.primary_id, node.config_epoch, node.slots};
  return all;
}

const ClusterNode* find(const std::vector<ClusterNode>& view, const std::string& id) {
  const auto found = std::find_if(view.begin(), view.end(), [&](const ClusterNode& node) { return node.id == id; });
  return found == view.end() ? nullptr : &*found;
}

const Answers* answers_of(const std::vector<Answers>& all, const std::string& id) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Answers& one) { return one.self().id == id; });
  return found == all.end() ? nullptr : &*found;
}

std::string value(const std::map<std::string, std::string>& info, const std::string& key) {
  const auto found = info.find(key);
  return found == info.end() ? std::string() : found->second;
}

long long number(const std::map<std::string, std::string>& info, const std::string& key) {
  const auto text = value(info, key);
  return text.empty() ? -1 : std::stoll(text);
}

/// "slave0:ip=127.0.0.1,port=7003,state=online,offset=14,lag=0"
bool lists_online(const std::map<std::string, std::string>& replication, std::uint16_t port) {
  const auto wanted = ",port=" + std::to_string(port) + ",state=online,";
  return std::any_of(replication.begin(), replication.end(), [&](const auto& line) {
    return line.first.starts_with("slave") && line.second.find(wanted) != std::string::npos;
  });
}

std::optional<std::string> doubt_about(const ClusterNode* known) {
  if (known == nullptr) return "is not known";
  for (const char* flag : {"handshake", "noaddr", "fail?", "fail"})
    if (known->has(flag)) return std::string("is flagged ") + flag;
  if (!known->connected) return "has no bus link";
  return std::nullopt;
}

std::optional<std::string> unmet_by_replica(const Answers& replica, const Answers& primary) {
  const auto& own = replica.replication;
  if (value(own, "master_link_status") != "up") return "master_link_status is " + value(own, "master_link_status");
  if (value(primary.replication, "role") != "master")
    return "its primary says role:" + value(primary.replication, "role");
  if (!lists_online(primary.replication, replica.self().port)) return "its primary does not list it as online";
  if (value(own, "master_replid") != value(primary.replication, "master_replid"))
    return "its master_replid is not its primary's";
  if (number(own, "slave_repl_offset") < number(primary.replication, "master_repl_offset"))
    return "slave_repl_offset " + value(own, "slave_repl_offset") + " is behind its primary's " +
           value(primary.replication, "master_repl_offset");
  return std::nullopt;
}

}  // namespace

std::optional<Unmet> unmet_state(const std::vector<Answers>& all) {
  for (const auto& one : all) {
    if (one.state != "ok") return Unmet{one.index, "cluster_state:ok (it says " + one.state + ")"};
    for (const auto& node : one.view)
      if (!node.slots.empty() && answers_of(all, node.id) == nullptr)
        return Unmet{one.index, "owners that run (it names " + node.id + ", which does not)"};
  }
  return std::nullopt;
}

std::optional<Unmet> unmet_agreement(const std::vector<Answers>& all) {
  for (const auto& one : all) {
    for (const auto& other : all)
      if (const auto doubt = doubt_about(find(one.view, other.self().id)))
        return Unmet{one.index, "knowing every node (node " + std::to_string(other.index) + " " + *doubt + ")"};
    if (facts(one.view) != facts(all.front().view))
      return Unmet{one.index, "same owners, roles and epochs as seen by node " + std::to_string(all.front().index)};
  }
  return std::nullopt;
}

std::optional<Unmet> unmet_replication(const std::vector<Answers>& all) {
  for (const auto& one : all) {
    if (one.self().is_primary()) continue;
    const Answers* primary = answers_of(all, one.self().primary_id);
    if (primary == nullptr) return Unmet{one.index, "replica in sync (its primary does not run)"};
    if (const auto unmet = unmet_by_replica(one, *primary)) return Unmet{one.index, "replica in sync (" + *unmet + ")"};
  }
  return std::nullopt;
}

}  // namespace dbha::lab
