#pragma once

#include "bus.hpp"
#include "model/cluster.hpp"
#include "oracle.hpp"
#include "record.hpp"

namespace dbha::sim {

/// What surrounds the processes of one run: the time, the database, the bus, and those who watch.
struct Site {
  Site(const Schedule& schedule, bool verbose);

  VirtualClock clock;
  Record record;
  memory::Cluster cluster;
  Bus bus;
  Oracle oracle;
  std::uint64_t seed;
  std::size_t detectors;
  Duration listen;
  double probe_budget;
  std::uint32_t partitions;
  std::vector<Endpoint> seeds;
  bool writes_go_on = true;  ///< new ones; what is to be written again is
};

}  // namespace dbha::sim
