#pragma once
/// Which partition a key belongs to: as Redis Cluster computes it, so that keys of examples mean the same here.

#include <string_view>

#include <dbha/types.hpp>

namespace dbha::memory {

/// CRC16 of the key, or of what stands in its first non-empty braces, modulo the number of partitions.
Partition partition_of_key(std::string_view key, std::uint32_t partitions);

}  // namespace dbha::memory
