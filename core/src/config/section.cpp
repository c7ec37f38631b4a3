#include "config/section.hpp"

#include <algorithm>

#include "config/place.hpp"
#include "config/units.hpp"
#include "config/words.hpp"

namespace dbha {
namespace {

const Tree& checked(const std::filesystem::path& file, const std::string& section, const Tree& table) {
  if (table.table()) return table;
  throw ConfigError(place(file, table.at) + section + ": expected one section [" + section + "], found " +
                    found(section, table));
}

}  // namespace

Section::Section(const std::filesystem::path& file, const SectionKeys& keys, const Tree& table)
    : table_(checked(file, keys.section, table)), options_(file, keys.section, table, keys.keys, keys.other_keys) {}

void Section::read(std::string_view name, std::string& into) const {
  if (options_.given(name)) into = options_.text(name);
}
void Section::read(std::string_view name, std::filesystem::path& into) const {
  if (options_.given(name)) into = options_.text(name);
}
void Section::read(std::string_view name, std::vector<std::string>& into) const {
  if (options_.given(name)) into = options_.text_list(name);
}
void Section::read(std::string_view name, Duration& into) const {
  if (options_.given(name)) into = options_.duration(name);
}

// The ranges in section_keys.cpp make these two conversions safe.
void Section::read(std::string_view name, std::uint32_t& into) const {
  if (options_.given(name)) into = static_cast<std::uint32_t>(options_.integer(name));
}

void Section::read(std::string_view name, std::uint64_t& into) const {
  if (options_.given(name)) into = static_cast<std::uint64_t>(options_.integer(name));
}

void Section::read_size(std::string_view name, std::uint64_t& into) const {
  if (options_.given(name)) into = options_.size(name);
}

std::size_t Section::read_word(std::string_view name, const std::vector<std::string>& words,
                               std::size_t otherwise) const {
  if (!options_.given(name)) return otherwise;
  const std::string word = options_.text(name);
  require_word(name, word, words);
  return static_cast<std::size_t>(std::find(words.begin(), words.end(), word) - words.begin());
}

void Section::require_word(std::string_view name, const std::string& text,
                           const std::vector<std::string>& words) const {
  if (std::find(words.begin(), words.end(), text) != words.end()) return;
  refuse(name, "expected " + either(words) + ", found " + found(name, Tree{text, {}}) + did_you_mean(text, words));
}

void Section::require_order(std::string_view shorter, Duration a, std::string_view longer, Duration b) const {
  if (a <= b) return;
  refuse(shorter, "expected at most " + std::string(longer) + ", which is " + text_of_duration(b) + ", found " +
                      text_of_duration(a));
}

void Section::refuse(std::string_view name, const std::string& text) const {
  throw ConfigError(options_.where(name) + ": " + text);
}

bool valid_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '-';
  });
}

}  // namespace dbha
