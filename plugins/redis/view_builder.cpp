#include "redis/view_builder.hpp"

#include "redis/cluster_nodes.hpp"
#include "redis/info_reply.hpp"

namespace dbha::redis {
namespace {

Violation in(const char* command, const Violation& violation) {
  return {"a malformed reply to " + std::string{command} + ": " + violation.text};
}

void fill_hosts(std::vector<NodeReport>& nodes, const std::string& host) {
  for (auto& node : nodes)
    if (node.endpoint.host.empty()) node.endpoint.host = host;
}

void take(const ReplicationInfo& info, View& view) {
  if (info.role != view.role) return;
  view.replid = info.replid;
  view.previous_replid = info.previous_replid;
  view.replication_offset = info.offset;
  view.previous_offset = info.previous_offset;
}

}  // namespace

Parsed<View> build_view(const ViewReplies& replies, const Endpoint& endpoint) {
  auto nodes = parse_cluster_nodes(replies.cluster_nodes);
  if (const auto* violation = violation_of(nodes)) return in("CLUSTER NODES", *violation);
  const auto cluster = parse_cluster_info(replies.cluster_info);
  if (const auto* violation = violation_of(cluster)) return in("CLUSTER INFO", *violation);
  const auto server = parse_server_info(replies.server);
  if (const auto* violation = violation_of(server)) return in("INFO server", *violation);
  const auto replication = parse_replication_info(replies.replication);
  if (const auto* violation = violation_of(replication)) return in("INFO replication", *violation);

  auto& said = std::get<ClusterNodes>(nodes);
  View view;
  view.node = said.myself.id;
  view.endpoint = endpoint;
  view.role = said.myself.role;
  view.ok = std::get<ClusterInfo>(cluster).ok;
  view.current_epoch = std::get<ClusterInfo>(cluster).current_epoch;
  view.run_id = std::get<ServerInfo>(server).run_id;
  take(std::get<ReplicationInfo>(replication), view);
  view.nodes = std::move(said.nodes);
  fill_hosts(view.nodes, endpoint.host);
  return view;
}

}  // namespace dbha::redis
