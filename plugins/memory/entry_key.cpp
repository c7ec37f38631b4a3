#include "memory/entry_key.hpp"

#include "model/key_hash.hpp"

namespace dbha::memory {
namespace {

constexpr std::string_view reserved = ".{}%";
constexpr std::string_view hex = "0123456789ABCDEF";

std::string encoded(std::string_view part) {
  std::string out;
  for (const char c : part) {
    const auto byte = static_cast<unsigned char>(c);
    if (reserved.find(c) == std::string_view::npos) {
      out += c;
    } else {
      out.append({'%', hex[byte >> 4], hex[byte & 0xF]});
    }
  }
  return out;
}

/// Of anything that encoded() makes, and of other things something else: whoever reads a key compares.
std::string decoded(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool code = part[i] == '%' && part.size() - i > 2;
    out += code ? static_cast<char>(hex.find(part[i + 1]) << 4 | hex.find(part[i + 2])) : part[i];
    if (code) i += 2;
  }
  return out;
}

}  // namespace

std::string key_of(const EntryName& name) {
  return '{' + encoded(name.table) + '.' + encoded(name.topic) + '}' + encoded(name.key);
}

std::optional<EntryName> name_of(std::string_view key) {
  const auto dot = key.find('.');
  const auto brace = key.find('}');
  if (!key.starts_with('{') || brace == std::string_view::npos || dot > brace) return std::nullopt;
  EntryName name{decoded(key.substr(1, dot - 1)), decoded(key.substr(dot + 1, brace - dot - 1)),
                 decoded(key.substr(brace + 1))};
  if (name.table.empty() || name.topic.empty() || key_of(name) != key) return std::nullopt;
  return name;
}

std::string counter_of(std::string_view table) {
  return '{' + encoded(table) + "}#number";
}

std::string prefix_of(const ScanRange& range) {
  if (!range.table) return "{";
  return '{' + encoded(*range.table) + '.' + (range.topic ? encoded(*range.topic) + '}' : "");
}

Partition partition_of_entry(const EntryName& name, std::uint32_t partitions) {
  return partition_of_key(key_of(name), partitions);
}

PartitionSet partitions_of(const ScanRange& range, std::uint32_t partitions) {
  PartitionSet all;
  all.set({{0}, {partitions - 1}}, {});
  const PartitionSet& asked = range.partitions.empty() ? all : range.partitions;
  if (!range.topic) return asked;
  const Partition home = partition_of_entry({*range.table, *range.topic, {}}, partitions);
  PartitionSet one;
  if (asked.find(home)) one.set({home, home}, {});
  return one;
}

}  // namespace dbha::memory
