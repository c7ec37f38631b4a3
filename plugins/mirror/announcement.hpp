#pragma once
/// How a confirmed write is announced on pub/sub; README.md of this folder documents it for other programs. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dbha/versioned_store.hpp>

namespace dbha::mirror {

/// Longer ones are announced without.
inline constexpr std::size_t longest_value = 4096;

struct Announced {
  Entry entry;
  bool whole = true;  ///< false: its value is not in the message, and has to be read from the database
  friend bool operator==(const Announced&, const Announced&) = default;
};

/// On which the writes to a table are announced.
std::string channel_of(std::string_view table);

std::string record_of(const Entry& entry);
/// What a message of that table's channel announces: one record behind the other. Nothing: it is none.
std::optional<std::vector<Announced>> read_records(const std::string& table, std::string_view message);

}  // namespace dbha::mirror
