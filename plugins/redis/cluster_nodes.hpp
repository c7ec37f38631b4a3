#pragma once
/// CLUSTER NODES: what one node says of all the nodes it knows. The only command that carries config epochs, without
/// which claims cannot be ordered; CLUSTER SLOTS and SHARDS leave them out.

#include <string_view>
#include <vector>

#include <dbha/topology.hpp>

#include "redis/parsed.hpp"
#include "redis/slot.hpp"

namespace dbha::redis {

struct ClusterNodes {
  NodeReport myself;              ///< the node that answered
  std::vector<NodeReport> nodes;  ///< all that can be addressed, myself included, in the order of the reply
};

/// Nodes in handshake (not members yet: their id is made up) and without address are left out. An endpoint's host is
/// empty where the node says that it does not know its own: the host that answered is meant.
/// Refused, because a map built from it would route calls to the wrong node: no or two `myself`, an id twice, a node
/// that is neither or both of master and slave, a bad port, a slot beyond 16383 or listed twice, a replica with slots.
Parsed<ClusterNodes> parse_cluster_nodes(std::string_view reply);

/// "host:port@cport,hostname,aux=value" as CLUSTER NODES writes it, also without the later parts. Split at the LAST
/// colon, as an IPv6 host bears no brackets here. A host of "?" becomes empty.
Parsed<Endpoint> parse_node_address(std::string_view text);

}  // namespace dbha::redis
