#pragma once
/// A configuration file as values with their place in it. The checks are written on this, not on the TOML library's
/// types: those are heavy to compile, and every error must be able to say line and column.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dbha {

/// Where in a file something stands; both count from 1.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// One value of the file.
struct Tree {
  struct Entry;
  using Table = std::vector<Entry>;  ///< in the order of the file
  using Array = std::vector<Tree>;
  /// What TOML knows and dbha has no use for: dates and times.
  struct Other {};

  std::variant<Table, Array, std::string, std::int64_t, double, bool, Other> value;
  Position at;

  /// nullptr if the value is of another type.
  const Table* table() const { return std::get_if<Table>(&value); }
  const Array* array() const { return std::get_if<Array>(&value); }
  const std::string* text() const { return std::get_if<std::string>(&value); }

  /// The entry of a table with that key; nullptr if there is none, or if this is no table.
  const Entry* find(std::string_view key) const;
};

struct Tree::Entry {
  std::string key;
  Position at;  ///< of the key
  Tree value;
};

inline const Tree::Entry* Tree::find(std::string_view key) const {
  if (const Table* entries = table()) {
    for (const Entry& entry : *entries)
      if (entry.key == key) return &entry;
  }
  return nullptr;
}

}  // namespace dbha
