#pragma once
/// ROLE: the cheapest way to learn of a promotion, asked hundreds of times a second while a shard is suspect.
///
/// Weak spot: a replica that has just started says "master" until its cron has found its primary (some 100 ms), because
/// its replication is not set up yet. CLUSTER NODES says slave all the while; so ROLE is a reason to ask for the view,
/// never a proof.

#include <dbha/backend.hpp>

#include "redis/parsed.hpp"

namespace dbha::redis {

struct RoleReply {
  Role role = Role::unknown;
  Endpoint primary;     ///< of a replica; an empty host means the host that answered
  bool synced = false;  ///< of a replica: its link to the primary is up ("connected")
};

Parsed<RoleReply> parse_role(const Value& reply);

}  // namespace dbha::redis
