#pragma once
/// Which node a scan asks for which partitions, and what must be read again: pure functions of the route.

#include <optional>
#include <string>
#include <vector>

#include <dbha/versioned_store.hpp>

#include "redis/route.hpp"

namespace dbha::redis {

/// The partitions of a scan that one node is asked for.
struct ScanShare {
  std::optional<Endpoint> node;  ///< nothing: nobody is known to own them
  PartitionSet partitions;       ///< not empty
};

/// The partitions where entries of the range may lie; of a topic it is one at most.
PartitionSet partitions_of(const ScanRange& range);

std::vector<ScanShare> shares_of(const PartitionSet& partitions, const Route& route);

/// Those of the share that go elsewhere now: what its node said of them may not be all.
PartitionSet moved_away(const ScanShare& share, const Route& route);

/// Those that nobody is known to own.
PartitionSet ownerless(const PartitionSet& partitions, const Route& route);

/// "0-5460, 7000", shortened after some ranges.
std::string text_of(const PartitionSet& partitions);

}  // namespace dbha::redis
