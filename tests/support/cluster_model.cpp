#include "support/cluster_model.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "redis/slot.hpp"

namespace dbha::test {
namespace {

using Args = ScriptedRedis::Args;

std::string bare(const Endpoint& endpoint) {
  return endpoint.host + ':' + std::to_string(endpoint.port);
}

const char* error_of(ClusterModel::State state) {
  switch (state) {
    case ClusterModel::State::loading:
      return "-LOADING Redis is loading the dataset in memory\r\n";
    case ClusterModel::State::master_down:
      return "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n";
    case ClusterModel::State::cluster_down:
      return "-CLUSTERDOWN The cluster is down\r\n";
    case ClusterModel::State::read_only:
      return "-READONLY You can't write against a read only replica.\r\n";
    case ClusterModel::State::serving:
      break;
  }
  return nullptr;
}

/// The keys of the few commands that tests use.
Args keys_of(const Args& args) {
  if (args.size() < 2) return {};
  if (args[0] == "MGET" || args[0] == "DEL" || args[0] == "EXISTS") return {args.begin() + 1, args.end()};
  if (args[0] != "MSET") return {args[1]};
  Args keys;
  for (std::size_t i = 1; i < args.size(); i += 2) keys.push_back(args[i]);
  return keys;
}

std::string slots_of(const ClusterModel& model, const std::string& id) {
  std::string text;
  for (const auto& [range, claim] : model.claims) {
    if (claim.owner.value != id) continue;
    text += ' ' + std::to_string(range.first.value);
    if (range.first != range.last) text += '-' + std::to_string(range.last.value);
  }
  return text;
}

}  // namespace

ClusterModel::Member& ClusterModel::add(std::string id, Endpoint endpoint, std::string primary) {
  return members.emplace_back(Member{std::move(id), std::move(endpoint), std::move(primary)});
}

ClusterModel::Member& ClusterModel::member(const std::string& id) {
  const auto at = std::find_if(members.begin(), members.end(), [&](const Member& one) { return one.id == id; });
  if (at == members.end()) throw std::logic_error("no member " + id);
  return *at;
}

const ClusterModel::Member& ClusterModel::member(const std::string& id) const {
  return const_cast<ClusterModel*>(this)->member(id);
}

void ClusterModel::take(PartitionRange range, const std::string& id) {
  member(id).epoch = {++current_epoch.value};
  claims.set(range, {current_epoch, 0, {id}});
}

void ClusterModel::promote(const std::string& replica) {
  Member& promoted = member(replica);
  const std::string old = std::exchange(promoted.primary, {});
  for (Member& one : members) {
    if (one.id == old || one.primary == old) one.primary = replica;
  }
  promoted.primary.clear();
  const auto before = claims;
  promoted.epoch = {++current_epoch.value};
  for (const auto& [range, claim] : before) {
    if (claim.owner.value == old) claims.set(range, {current_epoch, 0, {replica}});
  }
}

std::string ClusterModel::cluster_nodes(const std::string& id) const {
  std::string text;
  for (const Member& one : members) {
    std::string flags = one.id == id ? "myself," : "";
    flags += one.primary.empty() ? "master" : "slave";
    if (one.failing) flags += ",fail";
    text += one.id + ' ' + bare(one.endpoint) + "@1 " + flags + ' ' + (one.primary.empty() ? "-" : one.primary) +
            " 0 0 " + std::to_string(one.epoch.value) + " connected" + slots_of(*this, one.id);
    for (const Migration& each : migrations) {
      if (each.from == one.id && id == one.id) text += " [" + std::to_string(each.slot.value) + "->-" + each.to + ']';
      if (each.to == one.id && id == one.id) text += " [" + std::to_string(each.slot.value) + "-<-" + each.from + ']';
    }
    text += '\n';
  }
  return text;
}

std::string ClusterModel::cluster_info(const std::string& id) const {
  const Member& self = member(id);
  return std::string("cluster_state:") + (self.state == State::cluster_down ? "fail" : "ok") +
         "\r\ncluster_slots_assigned:16384\r\ncluster_known_nodes:" + std::to_string(members.size()) +
         "\r\ncluster_current_epoch:" + std::to_string(current_epoch.value) +
         "\r\ncluster_my_epoch:" + std::to_string(self.epoch.value) + "\r\n";
}

std::string ClusterModel::role(const std::string& id) const {
  const Member& self = member(id);
  if (self.primary.empty()) return "*3\r\n" + bulk("master") + ":0\r\n*0\r\n";
  const Endpoint& of = member(self.primary).endpoint;
  return "*5\r\n" + bulk("slave") + bulk(of.host) + ':' + std::to_string(of.port) + "\r\n" + bulk("connected") +
         ":0\r\n";
}

ScriptedRedis::Script ClusterModel::node(std::string id) const {
  // By reference to this model: what the test changes later is said from then on.
  return [this, id = std::move(id), asking = std::make_shared<bool>(false)](const Args& args) -> Answer {
    const Member& self = member(id);
    const std::string command = args[0] + (args.size() > 1 ? ' ' + args[1] : "");
    if (command == "CLUSTER NODES") return bulk(cluster_nodes(id));
    if (command == "CLUSTER INFO") return bulk(cluster_info(id));
    if (command == "CLUSTER MYID") return bulk(id);
    if (command == "INFO server") return bulk("redis_version:7.0.15\r\nrun_id:" + std::string(40, '1') + "\r\n");
    if (command == "INFO replication") {
      return bulk(std::string("role:") + (self.primary.empty() ? "master" : "slave") +
                  "\r\nmaster_link_status:up\r\nmaster_replid:" + std::string(40, '2') + "\r\n");
    }
    if (args[0] == "ROLE") return role(id);
    const bool was_asking = std::exchange(*asking, args[0] == "ASKING");
    if (keys_of(args).empty() || args[0] == "CLIENT" || args[0] == "AUTH" || args[0] == "SUBSCRIBE") return "";
    return to_command(self, args, was_asking);
  };
}

/// The order of the checks is that of getNodeByQuery() in Redis' cluster.c.
Answer ClusterModel::to_command(const Member& self, const Args& args, bool asking) const {
  if (const char* error = error_of(self.state)) return error;
  const Args keys = keys_of(args);
  const Partition slot = redis::slot_of(keys.front());
  const std::string number = std::to_string(slot.value);
  const auto same_slot = [&](const std::string& key) { return redis::slot_of(key) == slot; };
  if (!std::all_of(keys.begin(), keys.end(), same_slot)) {
    return "-CROSSSLOT Keys in request don't hash to the same slot\r\n";
  }
  const Claim* claim = claims.find(slot);
  if (!claim) return "-CLUSTERDOWN Hash slot not served\r\n";
  const auto moving = std::find_if(migrations.begin(), migrations.end(), [&](const auto& m) { return m.slot == slot; });
  if (moving != migrations.end()) {
    const auto gone = std::count_if(keys.begin(), keys.end(), [&](auto& key) { return moving->moved.contains(key); });
    const bool all_gone = gone == static_cast<std::ptrdiff_t>(keys.size());
    if (moving->from == self.id && gone != 0) {
      return all_gone ? "-ASK " + number + ' ' + bare(member(moving->to).endpoint) + "\r\n"
                      : std::string("-TRYAGAIN Multiple keys request during rehashing of slot\r\n");
    }
    if (moving->to == self.id && asking) {
      return all_gone || keys.size() == 1 ? Answer("")
                                          : Answer("-TRYAGAIN Multiple keys request during rehashing of slot\r\n");
    }
  }
  if (claim->owner.value == self.id) return "";
  return "-MOVED " + number + ' ' + bare(member(claim->owner.value).endpoint) + "\r\n";
}

}  // namespace dbha::test
