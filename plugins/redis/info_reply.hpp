#pragma once
/// The replies of lines "name:value": CLUSTER INFO, INFO server, INFO replication. Only what a view needs is read.

#include <cstdint>
#include <string_view>

#include <dbha/topology.hpp>

#include "redis/parsed.hpp"

namespace dbha::redis {

/// CLUSTER INFO.
struct ClusterInfo {
  bool ok = false;  ///< cluster_state:ok: the node serves
  Epoch current_epoch;
  Epoch own_epoch;  ///< cluster_my_epoch: of a replica, its primary's
  std::uint64_t known_nodes = 0;
};
Parsed<ClusterInfo> parse_cluster_info(std::string_view reply);

/// INFO server.
struct ServerInfo {
  RunId run_id;
  bool clustered = false;  ///< redis_mode:cluster
};
Parsed<ServerInfo> parse_server_info(std::string_view reply);

/// INFO replication.
struct ReplicationInfo {
  Role role = Role::unknown;
  ReplId replid;
  ReplId previous_replid;  ///< empty where Redis writes 40 zeros: it never followed another stream
  std::int64_t offset = -1;
  std::int64_t previous_offset = -1;
  bool link_up = false;  ///< of a replica: master_link_status:up
};
Parsed<ReplicationInfo> parse_replication_info(std::string_view reply);

/// The value of the first line "name:value"; empty if there is none. The first, because Redis writes what it measures
/// itself before lines that bear names chosen by users.
std::string_view info_field(std::string_view reply, std::string_view name);

}  // namespace dbha::redis
