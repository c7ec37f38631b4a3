#pragma once
/// How entries lie in Redis, as pure functions of their names; README.md of this folder is the contract with other
/// programs. The key of an entry is {TABLE.TOPIC}KEY, so that a topic has one slot; '.', '{', '}' and '%' in a part are
/// percent-encoded, so that any bytes make one key and come back from it.

#include <optional>
#include <string>
#include <string_view>

#include <dbha/versioned_store.hpp>

#include "redis/parsed.hpp"

namespace dbha::redis {

/// Decimals up to here can be counted by INCR.
inline constexpr std::uint64_t last_number = INT64_MAX;

std::string key_of(const EntryName& name);

/// The entry that the key belongs to; nothing if key_of() would not have made it: it is somebody else's.
std::optional<EntryName> name_of(std::string_view key);

/// Where a table's numbers are counted. No entry's key: there is no dot between its braces.
std::string counter_of(std::string_view table);

/// The MATCH of a SCAN that finds the entries of the table and topic, or of all, and hardly anything else.
std::string pattern_of(const ScanRange& range);

/// Which fields of an entry are asked for, in this order.
enum class Fields {
  all,   ///< v x d
  head,  ///< v x
};

/// What HMGET said of these fields; nothing: it found none of them.
Parsed<std::optional<Entry>> read_entry(EntryName name, const Value& reply, Fields fields = Fields::all);

}  // namespace dbha::redis
