#pragma once
/// Writes that go through the mirror of the writer: which of them the database has acknowledged, and which a node has.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <dbha/mirror.hpp>

#include "lab/slots.hpp"

namespace dbha::demo {

inline constexpr const char* mirrored_table = "demo";

/// By entry the newest version that the database has acknowledged.
using Acknowledged = std::map<EntryName, std::uint64_t>;

/// So many entries whose topics lie in these slots, from the `first` on that there is.
std::vector<EntryName> entries_in(const lab::SlotRange& slots, std::size_t first, std::size_t count);

/// The key of one of them in the database; plugins/redis/README.md says how keys are made.
std::string key_of(const EntryName& name);

/// Return when the database has acknowledged all of it. Throw std::runtime_error where it does not.
void put_all(Mirror& mirror, const std::vector<EntryName>& names, const std::string& value, Acknowledged& into);
void remove_all(Mirror& mirror, const std::vector<EntryName>& names, Acknowledged& into);

/// How many of the entries a node has in an older version or not at all. `versions`: of their keys, in their order.
std::size_t count_lost(const Acknowledged& acknowledged, const std::vector<std::uint64_t>& versions);

}  // namespace dbha::demo
