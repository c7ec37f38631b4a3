#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lab/slots.hpp"

/// The replies of Redis that the lab reads, as values. Pure functions.
namespace dbha::lab {

/// One line of CLUSTER NODES: what the answering node says of one node.
struct ClusterNode {
  std::string id;
  std::uint16_t port = 0;  ///< 0: not known to the answering node (noaddr)
  std::vector<std::string> flags;
  std::string primary_id;  ///< empty for a primary
  std::uint64_t config_epoch = 0;
  bool connected = false;        ///< the answering node's bus link to it; a voter without one cannot send its vote
  std::vector<SlotRange> slots;  ///< owned; slots being migrated are not marked

  bool has(std::string_view flag) const;
  bool is_primary() const { return has("master"); }
  bool owns(int slot) const;
};

/// Throws std::runtime_error for a line it cannot read.
std::vector<ClusterNode> parse_cluster_nodes(const std::string& text);

/// The line about the answering node itself. Throws std::runtime_error if there is none.
const ClusterNode& myself(const std::vector<ClusterNode>& view);

/// The "key:value" lines of INFO and CLUSTER INFO.
std::map<std::string, std::string> parse_info(const std::string& text);

}  // namespace dbha::lab
