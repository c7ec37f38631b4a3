#pragma once
/// What the primaries of a real cluster hold, read from them without anything of this project but the lab.

#include "lab/redis_cluster.hpp"
#include "verdict.hpp"

namespace dbha::test {

/// The entries of the noting application, as plugins/redis/README.md says that they lie. Throws std::runtime_error if a
/// primary does not answer.
Contents contents_of(lab::RedisCluster& cluster);

}  // namespace dbha::test
