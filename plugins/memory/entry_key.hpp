#pragma once
/// The keys of entries, as pure functions of their names: the same as in Redis, so that an entry lies in the partition
/// that Redis would give it. {TABLE.TOPIC}KEY, where '.', '{', '}' and '%' in a part are percent-encoded.

#include <optional>
#include <string>
#include <string_view>

#include <dbha/versioned_store.hpp>

namespace dbha::memory {

std::string key_of(const EntryName& name);
/// The entry that the key belongs to; nothing if key_of() would not have made it: it is somebody else's.
std::optional<EntryName> name_of(std::string_view key);
/// Where a table's numbers are counted. No entry's key: there is no dot between its braces.
std::string counter_of(std::string_view table);
/// What the keys of all entries of the table and topic begin with, and no other entry's.
std::string prefix_of(const ScanRange& range);

Partition partition_of_entry(const EntryName& name, std::uint32_t partitions);
/// Where entries of the range may lie; of a topic it is one at most.
PartitionSet partitions_of(const ScanRange& range, std::uint32_t partitions);

}  // namespace dbha::memory
