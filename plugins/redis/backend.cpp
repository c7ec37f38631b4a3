/// The plugin `redis`: Redis Cluster, and what speaks its protocol (Valkey, KeyDB in cluster mode).

#include <memory>
#include <utility>

#include <dbha/plugin.hpp>

#include "redis/credentials.hpp"
#include "redis/database.hpp"
#include "redis/seeds.hpp"
#include "redis/slot.hpp"
#include "redis/topology_source.hpp"

namespace dbha::redis {
namespace {

const OptionSpec options[] = {
    {"seeds", OptionType::text_list, nullptr,
     "nodes to start from, as \"host:port\" or \"[ipv6]:port\"; name one of each shard if you can"},
    {"username", OptionType::text, "", "ACL user to log in as; none: the default user"},
    {"password_file", OptionType::text, "", "file with the password on its only line; none: no login"},
    {"connect_timeout", OptionType::duration, "1s", "how long a node may take from connect to its first reply", 10,
     60'000},
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
        credentials_(read_credentials(context.options)),
        connect_timeout_(context.options.duration("connect_timeout")) {}

  BackendTraits traits() const override { return {slots, Voters::owners}; }
  std::vector<Endpoint> seeds() const override { return seeds_; }
  Partition partition_of(std::string_view key) const override { return slot_of(key); }
  QuestionCost cost(Question question, std::size_t nodes) const override { return cost_of(question, nodes); }

  std::unique_ptr<TopologySource> open_source(TopologySourceListener& listener, Duration probe_timeout) override {
    ProbeSettings settings;
    settings.credentials = credentials_;
    settings.client_name = "dbha-detector:" + context_.process_name;
    settings.connect_timeout = connect_timeout_;
    settings.probe_timeout = probe_timeout;
    return std::make_unique<RedisTopologySource>(context_.loop, context_.log, std::move(settings), listener);
  }

  std::unique_ptr<Database> open_database(DatabaseListener& listener, const DatabaseSettings& settings) override {
    return make_database(context_.loop, context_.log, listener, settings, credentials_);
  }

 private:
  const PluginContext context_;
  const std::vector<Endpoint> seeds_;
  const Credentials credentials_;
  const Duration connect_timeout_;
};

Backend* create(const PluginContext& context) {
  return std::make_unique<RedisBackend>(context).release();
}

}  // namespace
}  // namespace dbha::redis

DBHA_PLUGIN(dbha::PluginKind::backend, "redis", "Redis Cluster", dbha::redis::options, dbha::redis::create);
