#pragma once
/// The option `seeds`: where to start looking for the cluster.

#include <vector>

#include <dbha/context.hpp>

namespace dbha::redis {

/// Reads "host:port" and "[ipv6]:port", each endpoint once. Throws ConfigError, beginning with the option's place, when
/// the list is empty or one of them is neither.
std::vector<Endpoint> read_seeds(const Options& options);

}  // namespace dbha::redis
