#include "demo/stage.hpp"

#include <stdexcept>

namespace dbha::demo {
namespace {

std::unique_ptr<lab::RedisCluster> redis(const Passwords& passwords) {
  lab::RedisCluster::Options options;
  options.primaries = Stage::shards_count;
  options.conf_lines = acl_lines(passwords);
  return std::make_unique<lab::RedisCluster>(std::move(options));
}

Place place_of(const std::filesystem::path& folder, const Passwords& passwords,
               const std::vector<lab::PortLease>& bus_ports, const lab::Cluster& cluster) {
  return {folder,   cluster.backend_table(), !cluster.in_process(), bus_ports.at(0).number(), bus_ports.at(1).number(),
          passwords};
}

std::vector<Shard> shards_of(lab::Cluster& cluster) {
  std::vector<Shard> out;
  for (const std::size_t primary : cluster.primaries()) {
    Shard shard{cluster.slots_of(primary).at(0), {primary}};
    for (const std::size_t replica : cluster.replicas_of(primary)) shard.nodes.push_back(replica);
    out.push_back(std::move(shard));
  }
  return out;
}

std::string addresses_text(const lab::Cluster& cluster) {
  std::string out;
  for (const auto& node : cluster.nodes()) out += ' ' + node.address();
  return out;
}

}  // namespace

void Stage::make_database(const DemoOptions& options) {
  if (options.backend == "memory") {
    auto cluster = std::make_unique<lab::MemoryCluster>(lab::MemoryCluster::Options{.primaries = shards_count});
    questions_ = std::make_unique<CountedQuestions>(*cluster);
    cluster_ = std::move(cluster);
  } else {
    auto cluster = redis(passwords_);
    questions_ = std::make_unique<RefusedCommands>(*cluster);
    cluster_ = std::move(cluster);
  }
}

Stage::Stage(const DemoOptions& options, const Screen& screen) {
  screen.line("starting a database of 3 primaries with a replica each");
  make_database(options);
  shards_ = shards_of(*cluster_);
  screen.line(cluster_->description() + ":" + addresses_text(*cluster_));
  const Place place = place_of(folder_.path(), passwords_, bus_ports_, *cluster_);
  fleet_.emplace(place, cluster_->in_process());
  fleet_->start_nb();
  screen.line("nb: detector and controller, ready");
  fleet_->start_sbs(options.controllers);
  screen.line(std::to_string(options.controllers) + " SB controllers, ready");
  const Configured configured = write_writer(place, options.rate, options.resync);
  writer_endpoint_ = configured.endpoint;
  writer_ = std::make_unique<Writer>(configured.file, options.rate);
  fleet_->add_embedded(configured);
  writer_->start();
  screen.line("writer: embedded controller, " + std::to_string(options.rate) + " repeatable writes a second");
}

std::size_t Stage::primary(const Shard& shard) {
  return cluster_->primary_of(shard.slots.first);
}

std::size_t Stage::other(const Shard& shard, std::size_t node) const {
  for (const std::size_t candidate : shard.nodes)
    if (candidate != node) return candidate;
  throw std::logic_error("a shard of the demo has two nodes");
}

std::vector<std::string> Stage::end() {
  writer_.reset();
  return fleet_->end();
}

}  // namespace dbha::demo
