#include "redis/info_reply.hpp"

#include "real_replies.hpp"
#include "redis/role_reply.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::redis;

namespace {

template <class T>
std::string refusal(const Parsed<T>& parsed) {
  const auto* violation = violation_of(parsed);
  return violation ? violation->text : "accepted";
}

Value text(std::string t) {
  return {Value::Kind::text, std::move(t), 0, {}};
}
Value integer(std::int64_t i) {
  return {Value::Kind::integer, "", i, {}};
}
Value list(std::vector<Value> elements) {
  return {Value::Kind::array, "", 0, std::move(elements)};
}

}  // namespace

TEST_CASE("CLUSTER INFO says whether the node serves and the greatest epoch it has heard of") {
  const auto info = std::get<ClusterInfo>(parse_cluster_info(test::replies::cluster_info));
  CHECK(info.ok);
  CHECK(info.current_epoch == Epoch{7});
  CHECK_FALSE(std::get<ClusterInfo>(parse_cluster_info("cluster_state:fail\ncluster_current_epoch:0\n")).ok);
}

TEST_CASE("a CLUSTER INFO without what a view needs is refused") {
  CHECK(refusal(parse_cluster_info("")) == "no field 'cluster_state'");
  CHECK(refusal(parse_cluster_info("cluster_state:ok\n")) == "no field 'cluster_current_epoch'");
  CHECK(refusal(parse_cluster_info("cluster_state:up\ncluster_current_epoch:1")) ==
        "field 'cluster_state' has a bad value: 'up'");
  CHECK(refusal(parse_cluster_info("cluster_state:ok\ncluster_current_epoch:-1")) ==
        "field 'cluster_current_epoch' has a bad value: '-1'");
}

TEST_CASE("INFO server names the life of the process and whether it is clustered") {
  const auto info = std::get<ServerInfo>(parse_server_info(test::replies::server));
  CHECK(info.run_id.value == "41d2255f2dfa5a3248c93e2080b1db0a31c83783");
  CHECK(info.clustered);
  CHECK_FALSE(std::get<ServerInfo>(parse_server_info("redis_mode:standalone\nrun_id:ab\n")).clustered);
  CHECK(refusal(parse_server_info("redis_mode:cluster\n")) == "no field 'run_id'");
  CHECK(refusal(parse_server_info("redis_mode:cluster\nrun_id:a b\n")) == "field 'run_id' has a bad value: 'a b'");
}

TEST_CASE("INFO replication of a promoted replica shows whose stream it continues, and from where") {
  const auto info = std::get<ReplicationInfo>(parse_replication_info(test::replies::replication_after_promotion));
  CHECK(info.role == Role::primary);
  CHECK(info.replid.value == "3e19db3391e5fcdb28a508f584d9f10eac335a1b");
  CHECK(info.previous_replid.value == "9e8d2b289015226d3e18fe1d36a7a1a0109d4d0b");
  CHECK(info.offset == 350);
  CHECK(info.previous_offset == 351);
}

TEST_CASE("INFO replication of a replica that followed one stream only has no previous one") {
  const auto info = std::get<ReplicationInfo>(parse_replication_info(test::replies::replication_of_replica));
  CHECK(info.role == Role::replica);
  CHECK(info.previous_replid.empty());
  CHECK(info.previous_offset == -1);
  CHECK(info.link_up);
}

TEST_CASE("a bad INFO replication is refused, one of a server without replids is not") {
  CHECK(refusal(parse_replication_info("role:sentinel\n")) == "field 'role' has a bad value: 'sentinel'");
  CHECK(refusal(parse_replication_info("role:master\nmaster_repl_offset:x\n")) ==
        "field 'master_repl_offset' has a bad value: 'x'");
  CHECK(refusal(parse_replication_info("role:master\nmaster_replid:a\"b\n")) ==
        "field 'master_replid' has a bad value: 'a\"b'");
  CHECK(std::get<ReplicationInfo>(parse_replication_info("role:master\n")).replid.empty());
}

TEST_CASE("a field's name is matched as a whole, and its first line counts") {
  CHECK(info_field("role_x:1\nxrole:2\nrole:3\r\nrole:4\n", "role") == "3");
  CHECK(info_field("role", "role").empty());
}

TEST_CASE("ROLE tells primary from replica, and a replica whose link is up") {
  const auto primary = std::get<RoleReply>(parse_role(list({text("master"), integer(3), list({})})));
  CHECK(primary.role == Role::primary);

  const auto replica =
      std::get<RoleReply>(parse_role(list({text("slave"), text("::1"), integer(7000), text("connected"), integer(9)})));
  CHECK(replica.role == Role::replica);
  CHECK(replica.primary == Endpoint{"::1", 7000});
  CHECK(replica.synced);

  const auto syncing =
      std::get<RoleReply>(parse_role(list({text("slave"), text("?"), integer(7000), text("sync"), integer(-1)})));
  CHECK(syncing.primary.host.empty());
  CHECK_FALSE(syncing.synced);
}

TEST_CASE("a malformed ROLE is refused") {
  CHECK(refusal(parse_role(text("master"))) == "ROLE is not a list that begins with a role");
  CHECK(refusal(parse_role(list({}))) == "ROLE is not a list that begins with a role");
  CHECK(refusal(parse_role(list({integer(1)}))) == "ROLE is not a list that begins with a role");
  CHECK(refusal(parse_role(list({text("sentinel"), list({})}))) == "ROLE bears an unknown role: 'sentinel'");
  CHECK(refusal(parse_role(list({text("slave"), text("h")}))) == "ROLE of a replica has fewer than 4 elements");
  CHECK(refusal(parse_role(list({text("slave"), text("h"), integer(0), text("sync")}))) ==
        "ROLE of a replica bears a bad port");
  CHECK(refusal(parse_role(list({text("slave"), text("h"), text("1"), text("sync")}))) ==
        "ROLE of a replica bears a bad port");
  CHECK(refusal(parse_role(list({text("slave"), text("h h"), integer(1), text("sync")}))) ==
        "ROLE of a replica bears a bad host: 'h h'");
  CHECK(refusal(parse_role(list({text("slave"), integer(1), integer(1), text("sync")}))) ==
        "ROLE of a replica bears no host or no state of its link");
}
