#include "demo/stage.hpp"

#include <stdexcept>

namespace dbha::demo {
namespace {

lab::RedisCluster::Options cluster_options(const Passwords& passwords) {
  lab::RedisCluster::Options out;
  out.primaries = Stage::shards_count;
  out.conf_lines = acl_lines(passwords);
  return out;
}

Place place_of(const std::filesystem::path& folder, const Passwords& passwords,
               const std::vector<lab::PortLease>& bus_ports, const lab::RedisCluster& cluster) {
  Place out{folder, {}, bus_ports.at(0).number(), bus_ports.at(1).number(), passwords};
  for (const auto& node : cluster.nodes()) out.seeds.push_back(node.address());
  return out;
}

std::vector<Shard> shards_of(lab::RedisCluster& cluster) {
  std::vector<Shard> out;
  for (const std::size_t primary : cluster.primaries()) {
    const auto view = lab::parse_cluster_nodes(cluster.client(primary).demand({"CLUSTER", "NODES"}).text);
    Shard shard{lab::myself(view).slots.at(0), {primary}};
    for (const std::size_t replica : cluster.replicas_of(primary)) shard.nodes.push_back(replica);
    out.push_back(std::move(shard));
  }
  return out;
}

std::string ports_text(const lab::RedisCluster& cluster) {
  std::string out;
  for (const auto& node : cluster.nodes()) out += ' ' + std::to_string(node.port);
  return out;
}

}  // namespace

void RefusedCommands::keep(std::size_t node) {
  kept_ += cluster_.acl_log_count(controller_user, node);
}

long long RefusedCommands::count() {
  return kept_ + cluster_.acl_log_count(controller_user);
}

Stage::Stage(const DemoOptions& options, const Screen& screen)
    : cluster_((screen.line("starting a Redis Cluster: 3 primaries with a replica each, cluster-node-timeout 1000"),
                cluster_options(passwords_))),
      shards_(shards_of(cluster_)),
      fleet_(place_of(folder_.path(), passwords_, bus_ports_, cluster_)) {
  screen.line("six redis-server serve on 127.0.0.1, ports" + ports_text(cluster_));
  fleet_.start_nb();
  screen.line("nb: detector and controller, ready");
  fleet_.start_sbs(options.controllers);
  screen.line(std::to_string(options.controllers) + " SB controllers, ready");
  const Place place = place_of(folder_.path(), passwords_, bus_ports_, cluster_);
  const Configured configured = write_writer(place, options.rate);
  writer_ = std::make_unique<Writer>(configured.file, options.rate);
  fleet_.add_embedded(configured);
  writer_->start();
  screen.line("writer: embedded controller, " + std::to_string(options.rate) + " repeatable writes a second");
}

std::size_t Stage::primary(const Shard& shard) {
  return cluster_.primary_of(shard.slots.first);
}

std::size_t Stage::other(const Shard& shard, std::size_t node) const {
  for (const std::size_t candidate : shard.nodes)
    if (candidate != node) return candidate;
  throw std::logic_error("a shard of the demo has two nodes");
}

std::vector<std::string> Stage::end() {
  writer_.reset();
  return fleet_.end();
}

}  // namespace dbha::demo
