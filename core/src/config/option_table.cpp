#include "config/option_table.hpp"

#include <algorithm>
#include <utility>

#include "config/place.hpp"
#include "config/words.hpp"

namespace dbha {
namespace {

bool is_section(const Tree& value) {
  const Tree::Array* elements = value.array();
  return value.table() || (elements && !elements->empty() && elements->front().table());
}

}  // namespace

OptionTable::OptionTable(const std::filesystem::path& file, const PluginSection& section,
                         std::span<const OptionSpec> specs)
    : OptionTable(file, section.section, section.table, specs, section.core_keys, "plugin '" + section.plugin + "'") {}

OptionTable::OptionTable(const std::filesystem::path& file, std::string section, const Tree& table,
                         std::span<const OptionSpec> specs, std::span<const std::string> other_keys)
    : OptionTable(file, std::move(section), table, specs, other_keys, "dbha") {}

OptionTable::OptionTable(const std::filesystem::path& file, std::string section, const Tree& table,
                         std::span<const OptionSpec> specs, std::span<const std::string> other_keys, std::string owner)
    : file_(file), section_(std::move(section)), owner_(std::move(owner)) {
  // Unknown keys first: a misspelt required key should be called misspelt, not missing.
  refuse_unknown(table, specs, other_keys);
  for (const OptionSpec& spec : specs) options_.emplace(spec.name, read(table, spec));
}

void OptionTable::refuse_unknown(const Tree& table, std::span<const OptionSpec> specs,
                                 std::span<const std::string> other_keys) const {
  std::vector<std::string> known;
  for (const OptionSpec& spec : specs) known.emplace_back(spec.name);
  known.insert(known.end(), other_keys.begin(), other_keys.end());
  for (const Tree::Entry& entry : *table.table()) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    const std::string kind = section_.empty() && is_section(entry.value) ? "section" : "key";
    const std::string near = did_you_mean(entry.key, known);
    throw ConfigError(place(file_, entry.at) + full_key(entry.key) + ": unknown " + kind +
                      (near.empty() ? "; known are " + joined(known) : near));
  }
}

OptionTable::Option OptionTable::read(const Tree& table, const OptionSpec& spec) const {
  if (const Tree::Entry* entry = table.find(spec.name)) {
    if (auto value = read_option(spec, entry->value)) return {std::move(*value), entry->value.at, true};
    const Tree& wrong = culprit(spec, entry->value);
    throw ConfigError(place(file_, wrong.at) + full_key(spec.name) + ": expected " + expected(spec) + ", found " +
                      found(spec.name, wrong));
  }
  if (!spec.default_value)
    throw ConfigError(place(file_, table.at) + full_key(spec.name) + ": expected " + expected(spec) +
                      ", found nothing: this key is required");
  if (auto value = read_default(spec)) return {std::move(*value), table.at, false};
  throw PluginError(owner_ + ": option " + full_key(spec.name) + ": its default \"" + spec.default_value +
                    "\" is refused by its own declaration, which asks for " + expected(spec) + "; correct the plugin");
}

std::string OptionTable::full_key(std::string_view name) const {
  return section_.empty() ? std::string(name) : section_ + '.' + std::string(name);
}

const OptionTable::Option& OptionTable::option(std::string_view name) const {
  const auto found = options_.find(name);
  if (found != options_.end()) return found->second;
  throw PluginError(owner_ + ": option " + full_key(name) + " was asked for and is not declared; correct the plugin");
}

template <class T>
const T& OptionTable::get(std::string_view name) const {
  if (const T* value = std::get_if<T>(&option(name).value)) return *value;
  throw PluginError(owner_ + ": option " + full_key(name) +
                    " was asked for as another type than declared; correct the plugin");
}

std::string OptionTable::text(std::string_view name) const {
  return get<std::string>(name);
}
std::int64_t OptionTable::integer(std::string_view name) const {
  return get<std::int64_t>(name);
}
bool OptionTable::flag(std::string_view name) const {
  return get<bool>(name);
}
Duration OptionTable::duration(std::string_view name) const {
  return get<Duration>(name);
}
std::uint64_t OptionTable::size(std::string_view name) const {
  return get<std::uint64_t>(name);
}
std::vector<std::string> OptionTable::text_list(std::string_view name) const {
  return get<std::vector<std::string>>(name);
}

std::string OptionTable::where(std::string_view name) const {
  return place(file_, option(name).at) + full_key(name);
}

bool OptionTable::given(std::string_view name) const {
  return option(name).given;
}

}  // namespace dbha
