/// The plugin `redis`: Redis Cluster, and what speaks its protocol (Valkey, KeyDB in cluster mode).

#include <memory>
#include <utility>

#include <dbha/plugin.hpp>

#include "redis/credentials.hpp"
#include "redis/database.hpp"
#include "redis/seeds.hpp"
#include "redis/slot.hpp"
#include "redis/tls_context.hpp"
#include "redis/topology_source.hpp"

namespace dbha::redis {
namespace {

const OptionSpec options[] = {
    {"seeds", OptionType::text_list, nullptr,
     "nodes to start from, as \"host:port\" or \"[ipv6]:port\"; name one of each shard if you can"},
    {"username", OptionType::text, "", "ACL user to log in as; none: the default user"},
    {"password_file", OptionType::text, "",
     "file with the password on its only line, read again when a node refuses it; none: no login"},
    {"connect_timeout", OptionType::duration, "1s", "how long a node may take from connect to its first reply", 10,
     60'000},
    {"tombstone_ttl", OptionType::duration, "24h",
     "how long the removal of a versioned entry is remembered: older writes that come later bring it back", 1000,
     INT64_C(10'000) * 3'600'000},
    {"tls", OptionType::flag, "false", "speak TLS with every node, 1.2 or later, and verify its certificate"},
    {"tls_ca_file", OptionType::text, "", "certificates of the CAs to trust, in PEM; none: those of the system"},
    {"tls_cert_file", OptionType::text, "", "certificate to show to the nodes, with its chain, in PEM; none: none"},
    {"tls_key_file", OptionType::text, "", "private key of tls_cert_file, in PEM without a passphrase"},
    {"tls_server_name", OptionType::text, "",
     "name in every node's certificate, also sent as SNI; none: the host at which the node is reached"},
};

/// Bytes of the answers, measured on Redis 7.0 with six nodes: CLUSTER NODES has 125 bytes a node, CLUSTER INFO 530 to
/// 700 (more once there were elections), INFO server 590, INFO replication 430 to 600, and 70 more for each replica.
QuestionCost cost_of(Question question, std::size_t nodes) {
  switch (question) {
    case Question::view:
      return {4, static_cast<unsigned>(130 * nodes + 2200)};
    case Question::role:
      return {1, 70};
    case Question::epoch:
      return {1, 750};
    case Question::alive:
      return {1, 7};
  }
  return {1, 7};
}

class RedisBackend final : public Backend {
 public:
  explicit RedisBackend(const PluginContext& context)
      : context_(context),
        seeds_(read_seeds(context.options)),
        credentials_(context.options, context.log),
        tls_(read_tls(context.options)),
        access_{&credentials_, tls_.get(), context.options.duration("connect_timeout")},
        tombstone_ttl_(context.options.duration("tombstone_ttl")) {}

  BackendTraits traits() const override { return {slots, Voters::owners}; }
  std::vector<Endpoint> seeds() const override { return seeds_; }
  Partition partition_of(std::string_view key) const override { return slot_of(key); }
  QuestionCost cost(Question question, std::size_t nodes) const override { return cost_of(question, nodes); }

  std::unique_ptr<TopologySource> open_source(TopologySourceListener& listener, Duration probe_timeout) override {
    ProbeSettings settings;
    settings.access = access_;
    settings.client_name = "dbha-detector:" + context_.process_name;
    settings.probe_timeout = probe_timeout;
    return std::make_unique<RedisTopologySource>(context_.loop, context_.log, std::move(settings), listener);
  }

  std::unique_ptr<Database> open_database(DatabaseListener& listener, const DatabaseSettings& settings) override {
    return make_database(context_.loop, context_.log, listener, settings, access_, tombstone_ttl_);
  }

 private:
  const PluginContext context_;
  const std::vector<Endpoint> seeds_;
  CredentialsFile credentials_;
  const std::unique_ptr<const TlsContext> tls_;
  const Access access_;  // points to both
  const Duration tombstone_ttl_;
};

Backend* create(const PluginContext& context) {
  return std::make_unique<RedisBackend>(context).release();
}

}  // namespace
}  // namespace dbha::redis

DBHA_PLUGIN(dbha::PluginKind::backend, "redis", "Redis Cluster", dbha::redis::options, dbha::redis::create);
