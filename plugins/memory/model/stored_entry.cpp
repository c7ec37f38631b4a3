#include "model/stored_entry.hpp"

#include <charconv>

namespace dbha::memory {

std::string text_of(const StoredEntry& entry) {
  return std::to_string(entry.version) + (entry.removed ? " x" : " d " + entry.value);
}

std::optional<std::uint64_t> read_version(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (bad != std::errc{} || end != text.data() + text.size() || text.front() == '0') return std::nullopt;
  return out;
}

std::optional<StoredEntry> read_entry(std::string_view text) {
  const auto space = text.find(' ');
  const auto version = read_version(text.substr(0, space));
  if (!version || space == std::string_view::npos) return std::nullopt;
  const auto rest = text.substr(space + 1);
  if (rest == "x") return StoredEntry{*version, true, {}};
  if (!rest.starts_with("d ")) return std::nullopt;
  return StoredEntry{*version, false, std::string(rest.substr(2))};
}

Ruling rule(EntryWrite write, const std::optional<StoredEntry>& before, const StoredEntry& wanted) {
  if (!before) return Ruling::apply;
  if (*before == wanted) return Ruling::stored;
  if (write == EntryWrite::create && !before->removed) return Ruling::leave;
  return wanted.version > before->version ? Ruling::apply : Ruling::leave;
}

}  // namespace dbha::memory
