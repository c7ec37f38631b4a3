#pragma once

#include <optional>
#include <string_view>

#include <dbha/partition_map.hpp>

namespace dbha {

/// What text_of(PartitionSet) writes: "0-5460,5462". Nothing if it is no such list, or an empty one.
std::optional<PartitionSet> partitions_from(std::string_view text);

}  // namespace dbha
