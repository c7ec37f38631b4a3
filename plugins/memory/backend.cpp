/// The plugin `memory`: a database inside the process, which behaves as a Redis Cluster does, fails on command and
/// needs nothing installed. All backends of the process that name one database share it.

#include <memory>
#include <stdexcept>
#include <utility>

#include <dbha/error.hpp>
#include <dbha/plugin.hpp>

#include "memory/database.hpp"
#include "memory/topology_source.hpp"
#include "model/key_hash.hpp"

namespace dbha::memory {
namespace {

const OptionSpec options[] = {
    {"database", OptionType::text, "memory", "backends of one process that name the same database share it"},
    {"partitions", OptionType::integer, "16384", "how many partitions it has", 1, 1 << 20},
    {"shards", OptionType::integer, "3", "how many primaries own them at first", 1, 1000},
    {"replicas", OptionType::integer, "1", "how many replicas each shard has at first", 0, 10},
    {"node_timeout", OptionType::duration, "1s", "how long a node owes an answer until the others suspect it", 50,
     60'000},
    {"seed", OptionType::integer, "1", "all chance follows from it: ids, delays, who is elected", 0},
};

ClusterSettings read_settings(const Options& given) {
  ClusterSettings out;
  out.partitions = static_cast<std::uint32_t>(given.integer("partitions"));
  out.shards = static_cast<std::uint32_t>(given.integer("shards"));
  out.replicas = static_cast<std::uint32_t>(given.integer("replicas"));
  out.node_timeout = given.duration("node_timeout");
  out.seed = static_cast<std::uint64_t>(given.integer("seed"));
  return out;
}

std::shared_ptr<Server> open_server(const Options& given) {
  try {
    return Server::open(given.text("database"), read_settings(given));
  } catch (const std::invalid_argument& refused) {
    throw ConfigError(given.where("database") + ": " + refused.what());
  }
}

/// What the same answers of a Redis would have, so that a budget means the same.
QuestionCost cost_of(Question question, std::size_t nodes) {
  const auto size = static_cast<unsigned>(130 * nodes + 200);
  return {1, question == Question::view ? size : 70};
}

class MemoryBackend final : public Backend {
 public:
  explicit MemoryBackend(const PluginContext& context) : context_(context), server_(open_server(context.options)) {}

  BackendTraits traits() const override { return {server_->settings().partitions, Voters::owners}; }
  std::vector<Endpoint> seeds() const override { return server_->seeds(); }
  Partition partition_of(std::string_view key) const override {
    return partition_of_key(key, server_->settings().partitions);
  }
  QuestionCost cost(Question question, std::size_t nodes) const override { return cost_of(question, nodes); }

  std::unique_ptr<TopologySource> open_source(TopologySourceListener& listener, Duration probe_timeout) override {
    return std::make_unique<MemorySource>(server_, context_.loop, context_.process_name, probe_timeout, listener);
  }
  std::unique_ptr<Database> open_database(DatabaseListener& listener, const DatabaseSettings& settings) override {
    return make_database(server_, context_.loop, context_.log, listener, settings);
  }

 private:
  const PluginContext context_;
  const std::shared_ptr<Server> server_;
};

Backend* create(const PluginContext& context) {
  return std::make_unique<MemoryBackend>(context).release();
}

}  // namespace
}  // namespace dbha::memory

DBHA_PLUGIN(dbha::PluginKind::backend, "memory",
            "a database in the memory of the process, for tests and demonstrations", dbha::memory::options,
            dbha::memory::create);
