#pragma once
/// What the nodes of a small Redis Cluster say, computed from who owns what. A copy, changed or not, is what a node
/// that is behind, or cut off, would say.

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <dbha/topology.hpp>

#include "support/scripted_redis.hpp"

namespace dbha::test {

struct ClusterModel {
  enum class State { serving, loading, master_down, cluster_down, read_only };
  struct Member {
    std::string id;
    Endpoint endpoint;
    std::string primary{};  ///< empty: it is a primary itself
    Epoch epoch{};          ///< configEpoch
    bool failing = false;
    State state = State::serving;
  };
  /// A slot on its way: what is at the old owner still is served there, the rest is sent on with ASK.
  struct Migration {
    Partition slot;
    std::string from, to;
    std::set<std::string> moved{};  ///< keys
  };

  std::vector<Member> members;
  PartitionMap<Claim> claims;
  std::vector<Migration> migrations;
  Epoch current_epoch{};

  Member& add(std::string id, Endpoint endpoint, std::string primary = {});
  /// The member takes the partitions, at an epoch above all others.
  void take(PartitionRange range, const std::string& id);
  /// The replica becomes the primary of all that its primary owned.
  void promote(const std::string& replica);
  Member& member(const std::string& id);
  const Member& member(const std::string& id) const;

  std::string cluster_nodes(const std::string& id) const;
  std::string cluster_info(const std::string& id) const;
  std::string role(const std::string& id) const;  ///< as RESP
  /// What the member answers: CLUSTER NODES, INFO and MYID, ROLE, INFO, and to commands with keys what Redis would:
  /// MOVED, ASK, TRYAGAIN, READONLY, or the error of its state; what it serves is left to the node ("").
  ScriptedRedis::Script node(std::string id) const;

 private:
  Answer to_command(const Member& self, const ScriptedRedis::Args& args, bool asking) const;
};

}  // namespace dbha::test
