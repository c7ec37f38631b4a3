// The only file that includes toml++: it costs seconds to compile.
#include "config/toml.hpp"

#include <algorithm>
#include <sstream>

#include <toml++/toml.h>

#include <dbha/error.hpp>

#include "config/place.hpp"
#include "config/secret.hpp"

namespace dbha {
namespace {

Position position(const toml::source_region& source) {
  return {source.begin.line, source.begin.column};
}

Tree tree_of(const toml::node& node);

Tree::Table table_of(const toml::table& table) {
  Tree::Table entries;
  for (const auto& [key, node] : table)
    entries.push_back({std::string(key.str()), position(key.source()), tree_of(node)});
  // toml++ sorts by key; the order of the file is the one in which mistakes should be reported.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Tree::Entry& a, const Tree::Entry& b) { return a.at < b.at; });
  return entries;
}

Tree::Array array_of(const toml::array& array) {
  Tree::Array elements;
  for (const toml::node& node : array) elements.push_back(tree_of(node));
  return elements;
}

Tree tree_of(const toml::node& node) {
  const Position at = position(node.source());
  if (const auto* table = node.as_table()) return {table_of(*table), at};
  if (const auto* array = node.as_array()) return {array_of(*array), at};
  if (const auto* text = node.as_string()) return {text->get(), at};
  if (const auto* integer = node.as_integer()) return {integer->get(), at};
  if (const auto* number = node.as_floating_point()) return {number->get(), at};
  if (const auto* flag = node.as_boolean()) return {flag->get(), at};
  return {Tree::Other{}, at};
}

/// The parser's messages quote what they could not read, which may be a password without quotes.
bool line_holds_secret(std::string_view content, std::uint32_t line) {
  for (; line > 1 && !content.empty(); --line)
    content.remove_prefix(std::min(content.find('\n'), content.size() - 1) + 1);
  return is_secret(content.substr(0, content.find_first_of("=\n")));
}

}  // namespace

Tree read_toml(std::string_view content, const std::string& file) try {
  const toml::table table = toml::parse(content);
  return {table_of(table), Position{}};
} catch (const toml::parse_error& error) {
  const Position at = position(error.source());
  const bool hide = line_holds_secret(content, at.line);
  throw ConfigError(place(file, at) + "not valid TOML: " +
                    (hide ? "(not shown: this line holds a secret)" : std::string(error.description())));
}

}  // namespace dbha
