#pragma once
/// What Redis 7.0.15 answered, six nodes, three shards; other versions' lines after the documentation of their release.

namespace dbha::test::replies {

inline constexpr char cluster_nodes[] =
    "d898873461f2b44b628495d8fbedd681dd023f1f 127.0.0.1:27106@37106 slave d315985dfd849ed415b87ae6641b5502edae05fd 0 "
    "1795355873036 2 connected\n"
    "0fb349784ead07801939deb3226a301858170aff 127.0.0.1:27101@37101 myself,slave "
    "1f4ffae0bbefd3a1a46a3ee3798814995a1e2aa9 0 1795355873000 7 connected\n"
    "21299e5031b0c2e0c1e2e8095a4994067e980e4c 127.0.0.1:27104@37104 slave 686a205ba218c9a045ec3e908d7d3a3c6ac6b815 0 "
    "1795355873036 3 connected\n"
    "1f4ffae0bbefd3a1a46a3ee3798814995a1e2aa9 127.0.0.1:27105@37105 master - 0 1795355872432 7 connected 0-5460\n"
    "d315985dfd849ed415b87ae6641b5502edae05fd 127.0.0.1:27102@37102 master - 0 1795355873036 2 connected 5461-10922\n"
    "686a205ba218c9a045ec3e908d7d3a3c6ac6b815 127.0.0.1:27103@37103 master - 0 1795355873036 3 connected "
    "10923-16383\n";

inline constexpr char cluster_info[] =
    "cluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:16384\r\ncluster_slots_pfail:0\r\n"
    "cluster_slots_fail:0\r\ncluster_known_nodes:6\r\ncluster_size:3\r\ncluster_current_epoch:7\r\n"
    "cluster_my_epoch:7\r\ncluster_stats_messages_ping_sent:27\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\n";

inline constexpr char server[] =
    "# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster\r\nos:Linux\r\nprocess_id:5145\r\n"
    "run_id:41d2255f2dfa5a3248c93e2080b1db0a31c83783\r\ntcp_port:27101\r\nuptime_in_seconds:6\r\nconfig_file:\r\n";

inline constexpr char replication_of_replica[] =
    "# Replication\r\nrole:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:27105\r\nmaster_link_status:up\r\n"
    "slave_repl_offset:350\r\nconnected_slaves:0\r\nmaster_failover_state:no-failover\r\n"
    "master_replid:3e19db3391e5fcdb28a508f584d9f10eac335a1b\r\n"
    "master_replid2:0000000000000000000000000000000000000000\r\nmaster_repl_offset:350\r\nsecond_repl_offset:-1\r\n";

inline constexpr char replication_after_promotion[] =
    "# Replication\r\nrole:master\r\nconnected_slaves:1\r\nslave0:ip=127.0.0.1,port=27101,state=online,offset=350,"
    "lag=0\r\nmaster_failover_state:no-failover\r\nmaster_replid:3e19db3391e5fcdb28a508f584d9f10eac335a1b\r\n"
    "master_replid2:9e8d2b289015226d3e18fe1d36a7a1a0109d4d0b\r\nmaster_repl_offset:350\r\nsecond_repl_offset:351\r\n";

}  // namespace dbha::test::replies
