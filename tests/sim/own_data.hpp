#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/cluster.hpp"

namespace dbha::sim {

/// What an application holds itself and has written to the database, so that it can write it again: one number for each
/// key, rising with each write. It survives the process, with or without the state store of dbha.
struct OwnData {
  struct Item {
    std::string key;
    Partition partition;
    std::uint64_t written = 0;
    std::uint64_t acknowledged = 0;
  };
  std::vector<Item> items;

  /// A key in each of some partitions, spread over all of them.
  OwnData(const memory::Cluster& cluster, std::uint32_t partitions, std::size_t controller) {
    constexpr std::uint32_t count = 12;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t wanted = i * partitions / count;
      for (std::uint32_t n = 0;; ++n) {
        std::string key = "c" + std::to_string(controller) + '-' + std::to_string(i) + '-' + std::to_string(n);
        const Partition partition = cluster.partition_of(key);
        if (partition.value / (partitions / count) != wanted / (partitions / count)) continue;
        items.push_back({std::move(key), partition});
        break;
      }
    }
  }
};

}  // namespace dbha::sim
