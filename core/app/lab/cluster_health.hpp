#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lab/cluster_nodes.hpp"

/// When a cluster is ready, and what is missing if it is not. Pure: the lab asks the nodes, this judges the answers.
namespace dbha::lab {

/// What one running node answered.
struct Answers {
  std::size_t index = 0;
  std::vector<ClusterNode> view;  ///< CLUSTER NODES
  std::string state;              ///< cluster_state of CLUSTER INFO
  std::map<std::string, std::string>
      replication;  ///< INFO replication; a primary's must be asked for before its replicas'

  const ClusterNode& self() const { return myself(view); }
};

/// A condition that does not hold, and the node on which it does not.
struct Unmet {
  std::size_t index = 0;
  std::string condition;
};

/// Every node says cluster_state:ok, and whoever it names as owner of slots is among those that answered.
std::optional<Unmet> unmet_state(const std::vector<Answers>& all);

/// All views are equal: ids, roles, the primary of each replica, slots and config epochs; and nobody who answered is
/// unknown to another, in handshake, suspected (fail?, fail), or without a bus link.
std::optional<Unmet> unmet_agreement(const std::vector<Answers>& all);

/// Every replica's link is up, its primary lists it online, and it has all that its primary had written when that was
/// asked.
std::optional<Unmet> unmet_replication(const std::vector<Answers>& all);

}  // namespace dbha::lab
