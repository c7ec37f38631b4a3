#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lab/certificates.hpp"
#include "lab/cluster.hpp"
#include "lab/cluster_health.hpp"
#include "lab/redis_node.hpp"
#include "lab/temp_dir.hpp"

namespace dbha::lab {

/// A real Redis Cluster on loopback: redis-server processes with ports and folders of their own, which end with this
/// object, whatever happens. Errors name the end of the node's log. For one thread at a time, one that outlives the
/// cluster (see ChildProcess).
class RedisCluster final : public Cluster {
 public:
  struct Options {
    std::size_t primaries = 3;
    std::size_t replicas_per_primary = 1;
    std::chrono::milliseconds node_timeout{1000};
    int uncovered_slots = 0;      ///< the last so many slots are left without an owner
    bool cluster_enabled = true;  ///< false: `primaries` plain servers that know nothing of each other
    std::string password{};       ///< of the default user, and between the nodes
    bool tls = false;  ///< clients and nodes meet by TLS only, and clients must show a certificate of authority()
    std::vector<std::string>
        conf_lines{};  ///< added to each redis.conf, for example "user app on >secret ~* &* +@all -cluster"
    std::string server = "redis-server";
    /// Asked before a node starts: the port that it tells other nodes and clients, for something that stands before the
    /// node's own. Empty: its own.
    std::function<std::uint16_t(std::size_t index, std::uint16_t port)> announced_port{};
    /// Asked before a node starts. The lab itself must reach all of them, from where it is. Empty: here, on loopback.
    std::function<Place(std::size_t index)> place{};
  };

  /// Creates the cluster, and returns when wait_ready() holds.
  explicit RedisCluster(Options options);
  RedisCluster() : RedisCluster(Options{}) {}

  std::string description() const override;
  std::vector<std::string> ways_to_look() const override;
  std::vector<std::string> backend_table() const override;
  bool in_process() const override { return false; }

  std::vector<NodeInfo> nodes() const override;
  NodeInfo node(std::size_t index) const override;
  std::size_t primary_of(int slot) override;
  std::vector<std::size_t> primaries() override;
  std::vector<std::size_t> replicas_of(std::size_t primary) override;
  std::vector<SlotRange> slots_of(std::size_t primary) override;
  std::string role(std::size_t index);  ///< the first word of ROLE: "master" or "slave"
  std::string run_id(std::size_t index) override;
  std::string value_at(std::size_t index, const std::string& key) override;
  std::vector<std::uint64_t> versions_at(std::size_t index, const std::vector<std::string>& keys) override;
  std::function<SaidRole()> role_question(std::size_t index) const override;
  /// The counts of all ACL LOG entries about `user`: of one node, which forgets them when it ends; over the running
  /// ones.
  long long acl_log_count(const std::string& user, std::size_t index);
  long long acl_log_count(const std::string& user);
  /// A connection of one's own, as the default user.
  RedisClient client(std::size_t index, RedisClient::Timeouts timeouts = RedisClient::kDefaultTimeouts) const {
    return at(index).client(timeouts);
  }

  void kill(std::size_t index) override;   ///< SIGKILL
  void start(std::size_t index) override;  ///< same ports, same node id; returns when it answers PING
  void stop(std::size_t index) override;   ///< SIGSTOP
  void resume(std::size_t index) override;
  void cut_off(std::size_t replica) override;
  void rejoin(std::size_t replica) override;
  /// Throws too if that took longer than the node timeout.
  void restart_in_place_empty(std::size_t index) override;
  /// CLUSTER FAILOVER on a replica. Returns when ROLE says master, at a higher config epoch than its primary had. Redis
  /// sometimes answers OK and does nothing, so the command is repeated until it happened; and a node that failover()
  /// promoted is not promoted again within 4 x node timeout (at least 4 s), so a way back and forth and back takes that
  /// long.
  void failover(std::size_t replica, FailoverMode mode = FailoverMode::graceful,
                Duration timeout = std::chrono::seconds(30)) override;

  // Waiting, only ever about the nodes that run.
  /// wait_agreed and wait_replicas_in_sync, every node says cluster_state:ok, and every owner of slots runs.
  void wait_ready(Duration timeout = std::chrono::seconds(20)) override;
  /// All views show the same owners, roles and epochs, and everybody who runs as linked and unsuspected.
  void wait_agreed(Duration timeout = std::chrono::seconds(20));
  /// Every replica is online and has all that its primary had written when this was asked.
  void wait_replicas_in_sync(Duration timeout = std::chrono::seconds(20));

  // redis_cluster_reshape.cpp
  /// For each slot IMPORTING, MIGRATING, MIGRATE, then SETSLOT NODE on the new owner, the old one, and the other
  /// primaries.
  void migrate_slots(int first, int last, std::size_t from, std::size_t to) override;
  std::size_t add_node() override;
  void replicate(std::size_t index, std::size_t primary) override;
  void remove_node(std::size_t index) override;

  /// Where client() connects: the node's port, or with TLS a plain one beside it.
  std::uint16_t admin_port(std::size_t index) const { return at(index).admin_port(); }
  /// With TLS: who signed the nodes' certificates, in folder(). Their names are 127.0.0.1 and localhost.
  const CertificateAuthority& authority() const { return authority_.value(); }
  const std::filesystem::path& folder() const { return folder_.path(); }
  /// Leaves configurations and logs in folder() after the end.
  void keep_files() { folder_.keep(); }

 private:
  using Check = std::optional<Unmet> (*)(const std::vector<Answers>&);
  using Clock = std::chrono::steady_clock;
  struct Member {
    std::unique_ptr<RedisNode> server;
    std::string id;                              // empty without cluster mode
    std::optional<Clock::time_point> elected{};  // in this life, by failover()
  };
  struct Claim {  // what a node says of itself
    std::size_t index;
    ClusterNode self;
  };

  RedisNode& at(std::size_t index) { return *members_.at(index).server; }
  const RedisNode& at(std::size_t index) const { return *members_.at(index).server; }
  std::vector<std::size_t> running() const;
  std::size_t make_node();
  void make_certificates();
  std::vector<std::string> conf_lines() const;
  void start_all();
  void start_finished(std::size_t index);
  void give_slots();
  void meet(std::size_t inviter, std::size_t invited);
  void form_cluster();
  void follow(std::size_t replica, std::size_t primary);
  std::vector<Claim> own_claims();
  std::optional<Unmet> unmet(const std::vector<Check>& checks);
  void wait_for(Duration timeout, const std::string& what, const std::vector<Check>& checks);
  [[noreturn]] void fail(std::size_t index, const std::string& what) const;
  void migrate_keys(int slot, std::size_t from, std::size_t to);

  Options options_;
  TempDir folder_;  // before the nodes, so that it is removed after they are gone
  std::optional<CertificateAuthority> authority_;
  CertificateFiles node_certificate_;
  CertificateFiles client_certificate_;
  std::vector<Member> members_;  // by index
};

}  // namespace dbha::lab
