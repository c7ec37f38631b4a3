#pragma once
/// An entry with a version as a node holds it, and what a write may do to it: pure functions. It lies in one string, as
/// all data does, so that it is replicated, moved and lost as all data is.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbha::memory {

struct StoredEntry {
  std::uint64_t version = 0;
  bool removed = false;  ///< a tombstone, which has no value
  std::string value{};
  friend bool operator==(const StoredEntry&, const StoredEntry&) = default;
};

/// "17 d up"; a tombstone: "18 x".
std::string text_of(const StoredEntry& entry);
/// Nothing: the text is none that text_of() makes.
std::optional<StoredEntry> read_entry(std::string_view text);
/// A decimal from 1 to 2^64-1, without leading zeros.
std::optional<std::uint64_t> read_version(std::string_view text);

enum class EntryWrite { put, create, remove };
enum class Ruling {
  stored,  ///< it is there already: the same write, sent again
  apply,
  leave,  ///< what is there stays
};
/// `before`: what is there; nothing if there never was such an entry.
Ruling rule(EntryWrite write, const std::optional<StoredEntry>& before, const StoredEntry& wanted);

}  // namespace dbha::memory
