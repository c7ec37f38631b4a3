#include "site.hpp"

namespace dbha::sim {
namespace {

memory::ClusterSettings settings_of(const Schedule& schedule) {
  memory::ClusterSettings out;
  out.partitions = schedule.shape.partitions;
  out.shards = schedule.shape.shards;
  out.replicas = schedule.shape.replicas;
  out.node_timeout = schedule.shape.node_timeout;
  out.latency = schedule.shape.latency;
  out.replication_lag = schedule.shape.replication_lag;
  out.seed = schedule.seed;
  return out;
}

}  // namespace

Site::Site(const Schedule& schedule, bool verbose)
    : record(clock, verbose),
      cluster(clock, settings_of(schedule)),
      bus(clock, Random(schedule.seed).fork(2), schedule.bus, schedule.controllers_start.size(), schedule.detectors),
      oracle(clock, record, cluster, schedule.shape.partitions, schedule.controllers_start.size(), schedule.detectors,
             schedule.probe_budget),
      seed(schedule.seed),
      detectors(schedule.detectors),
      listen(schedule.listen),
      probe_budget(schedule.probe_budget),
      partitions(schedule.shape.partitions) {
  bus.set_qualities(schedule.links);
  for (std::size_t i = 0; i < schedule.shape.shards; ++i) seeds.push_back(cluster.endpoint(i));
}

}  // namespace dbha::sim
