#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include <dbha/types.hpp>

namespace dbha::mirror {

/// Entries in one question: more would hold up a primary for too long, fewer cost too many questions.
inline constexpr std::size_t batch = 128;

/// Sends what has a partition on in batches of one partition each.
template <class Each, class Send>
void in_batches(std::vector<Each> all, Send send) {
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
