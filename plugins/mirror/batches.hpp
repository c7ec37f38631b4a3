#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include <dbha/types.hpp>

namespace dbha::mirror {

/// Sends what has a partition on in batches of one partition each, so many at most.
template <class Each, class Send>
void in_batches(std::vector<Each> all, std::size_t batch, Send send) {
  std::map<Partition, std::vector<Each>> batches;
  for (auto& each : all) {
    auto& of_partition = batches[each.partition];
    of_partition.push_back(std::move(each));
    if (of_partition.size() == batch) send(std::exchange(of_partition, {}));
  }
  for (auto& [partition, rest] : batches)
    if (!rest.empty()) send(std::move(rest));
}

}  // namespace dbha::mirror
