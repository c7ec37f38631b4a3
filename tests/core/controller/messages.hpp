#pragma once
/// What detectors say, in short words.

#include <dbha/bus.hpp>

#include "support/sample_topology.hpp"
#include "topology/digest.hpp"

namespace dbha::test {

/// One detector's publications and beats, numbered as the bus numbers them.
struct Speaker {
  std::string name = "d1";
  std::uint64_t start = 100;
  std::uint64_t sequence = 0;
  Publication last{};
  Beat last_beat{};

  Publication publish(const Topology& topology) {
    last = {{name, start, ++sequence}, version_of(topology), shared(topology)};
    return last;
  }
  Beat beat(DetectorStatus status = DetectorStatus::ok) {
    last_beat = {};
    last_beat.stamp = {name, start, ++sequence};
    last_beat.version = last.version;
    last_beat.status = status;
    last_beat.controllers = 1;
    return last_beat;
  }
  Snapshot snapshot() const { return {last, last_beat}; }
};

}  // namespace dbha::test
