#pragma once
/// Puts the four replies of one view question together.

#include <string_view>

#include <dbha/topology.hpp>

#include "redis/parsed.hpp"

namespace dbha::redis {

/// The texts of the replies, in the order of the commands.
struct ViewReplies {
  std::string_view cluster_nodes;
  std::string_view cluster_info;
  std::string_view server;
  std::string_view replication;
};

/// The view of the node at `endpoint`; `asked` and `answered` are left to the caller. Endpoints without a host get the
/// host of `endpoint`.
///
/// A role may change between the commands of one question. The claims come from CLUSTER NODES, so its role counts; if
/// INFO replication says another one, its replid and offsets belong to another moment (or to a replica that has just
/// started and does not follow yet), and taking them could pass the stream of a new primary off as the old one's. They
/// are left unknown then; the next view has them.
Parsed<View> build_view(const ViewReplies& replies, const Endpoint& endpoint);

}  // namespace dbha::redis
