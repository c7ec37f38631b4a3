#include "config/config.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>
#include <variant>

#include <dbha/events.hpp>

#include "config/bus_sections.hpp"
#include "config/endpoint.hpp"
#include "config/place.hpp"
#include "config/section.hpp"
#include "config/toml.hpp"
#include "log/log_level.hpp"

namespace dbha {
namespace {

/// Far above any configuration: somebody has named the wrong file.
constexpr std::size_t largest_file = 1'000'000;

std::string read_file(const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(file.string() + ": expected a configuration file, found: " + why);
  };
  std::error_code unknown;  // the open below says what is wrong
  if (std::filesystem::is_directory(file, unknown)) refuse("a folder");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) refuse(std::generic_category().message(errno));
  std::string content(largest_file + 1, '\0');
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (in.bad()) refuse("an error while reading it");
  content.resize(static_cast<std::size_t>(in.gcount()));
  if (content.size() > largest_file) refuse("more than 1 MB");
  return content;
}

/// Core's own keys of a section whose other keys are a plugin's.
Tree only_core_keys(const Tree& table, const SectionKeys& keys) {
  Tree::Table own;
  for (const Tree::Entry& entry : table.table() ? *table.table() : Tree::Table()) {
    if (std::any_of(keys.keys.begin(), keys.keys.end(), [&](const OptionSpec& spec) { return spec.name == entry.key; }))
      own.push_back(entry);
  }
  return {std::move(own), table.at};
}

PluginSection plugin_section(const SectionKeys& keys, const Section& section, const Tree& table) {
  PluginSection plugin{keys.section, section.options().text("plugin"), table, {}};
  for (const OptionSpec& spec : keys.keys) plugin.core_keys.emplace_back(spec.name);
  return plugin;
}

void read_top(const std::filesystem::path& file, const Tree& root, Config& config) {
  const Section top(file, section_keys(""), root);
  for (const char* name : {"name", "cluster"}) {
    const std::string text = top.options().text(name);
    if (!valid_name(text))
      top.refuse(name, std::string("expected ") + expected_name + ", found " + found(name, Tree{text, {}}));
  }
  top.read("name", config.name);
  top.read("cluster", config.cluster);
  top.read("state_dir", config.state_dir);
  if (config.state_dir.empty()) top.refuse("state_dir", "expected a folder, found an empty text");
  for (const std::string& folder : top.options().text_list("plugin_path")) config.plugin_path.emplace_back(folder);
}

LogConfig read_log(const std::filesystem::path& file, const Tree& table) {
  const Section section(file, section_keys("log"), table);
  LogConfig config;
  const std::vector<std::string> levels(std::begin(log_level_names), std::end(log_level_names));
  config.level = static_cast<LogLevel>(section.read_word("level", levels, static_cast<std::size_t>(config.level)));
  section.read("file", config.file);
  return config;
}

/// Of [admin] and [events].
std::string read_local_endpoint(const std::filesystem::path& file, const char* name, const Tree& table) {
  const Section section(file, section_keys(name), table);
  std::string endpoint = section.options().text("endpoint");
  if (!endpoint.empty() && !valid_endpoint(endpoint, EndpointUse::local))
    section.refuse("endpoint", "expected " + expected_endpoint(EndpointUse::local) + ", found " +
                                   found("endpoint", Tree{endpoint, {}}));
  return endpoint;
}

PluginSection read_backend(const std::filesystem::path& file, const Tree& table) {
  const SectionKeys& keys = section_keys("backend");
  const Tree own = table.table() ? only_core_keys(table, keys) : table;
  return plugin_section(keys, Section(file, keys, own), table);
}

template <std::size_t... Index>
std::vector<std::string> names_of_events(std::index_sequence<Index...>) {
  return {name_of(Event(std::in_place_index<Index>))...};
}

std::vector<std::string> read_events(const Section& section) {
  std::vector<std::string> events = {"dbrestart"};
  section.read("events", events);
  if (events.empty()) section.refuse("events", "expected at least one event, found an empty list");
  const auto known = names_of_events(std::make_index_sequence<std::variant_size_v<Event>>());
  std::set<std::string> seen;
  for (const std::string& event : events) {
    section.require_word("events", event, known);
    if (!seen.insert(event).second) section.refuse("events", "expected each event once, found '" + event + "' again");
  }
  return events;
}

ConsistencyConfig read_consistency(const std::filesystem::path& file, const Tree& table) {
  const SectionKeys& keys = section_keys("consistency");
  const Tree own = table.table() ? only_core_keys(table, keys) : table;
  const Section section(file, keys, own);
  ConsistencyConfig config;
  config.plugin = plugin_section(keys, section, table);
  config.name = std::filesystem::path(config.plugin.plugin).filename();
  section.read("name", config.name);
  if (!valid_name(config.name))
    section.refuse("name",
                   std::string("expected ") + expected_name + ", found " + found("name", Tree{config.name, {}}));
  config.events = read_events(section);
  section.read("retry_first", config.retry_first);
  section.read("retry_longest", config.retry_longest);
  section.require_order("retry_first", config.retry_first, "retry_longest", config.retry_longest);
  return config;
}

std::vector<ConsistencyConfig> read_all_consistency(const std::filesystem::path& file, const Tree& list) {
  if (!list.array())
    throw ConfigError(place(file, list.at) + "consistency: expected sections [[consistency]], found " +
                      found("consistency", list));
  std::vector<ConsistencyConfig> all;
  std::set<std::string> names;
  for (const Tree& table : *list.array()) {
    all.push_back(read_consistency(file, table));
    if (names.insert(all.back().name).second) continue;
    throw ConfigError(place(file, table.at) + "consistency.name: expected a name of its own for each handler, found '" +
                      all.back().name + "' again; give both sections different names");
  }
  return all;
}

void refuse_unsupported(const std::filesystem::path& file, const Tree& root) {
  for (const std::string& name : unsupported_sections()) {
    if (const Tree::Entry* entry = root.find(name))
      throw ConfigError(place(file, entry->at) + name + ": not supported by this version; remove the section");
  }
}

void refuse_missing_roles(const std::filesystem::path& file, const Tree& root) {
  if (!root.find("backend"))
    throw ConfigError(place(file, root.at) + "backend: expected a section [backend], found none");
  if (!root.find("detector") && !root.find("controller"))
    throw ConfigError(place(file, root.at) + "expected a section [detector] or [controller] or both, found none");
  for (const std::string name : {"consistency", "events"}) {
    if (const Tree::Entry* handler = root.find(name); handler && !root.find("controller"))
      throw ConfigError(place(file, handler->at) + name +
                        ": expected a section [controller] too, found none: only a controller emits events");
  }
}

}  // namespace

Config load_config(const std::filesystem::path& file) {
  return parse_config(read_file(file), file);
}

Config parse_config(std::string_view content, const std::filesystem::path& file) {
  const Tree root = read_toml(content, file);
  refuse_unsupported(file, root);
  Config config;
  config.file = file;
  read_top(file, root, config);
  refuse_missing_roles(file, root);
  const auto section = [&](const char* name, auto read) {
    if (const Tree::Entry* entry = root.find(name)) read(entry->value);
  };
  section("log", [&](const Tree& table) { config.log = read_log(file, table); });
  section("admin", [&](const Tree& table) { config.admin_endpoint = read_local_endpoint(file, "admin", table); });
  section("backend", [&](const Tree& table) { config.backend = read_backend(file, table); });
  section("detector", [&](const Tree& table) { config.detector = read_detector(file, table); });
  section("controller", [&](const Tree& table) { config.controller = read_controller(file, table); });
  section("events", [&](const Tree& table) { config.events_endpoint = read_local_endpoint(file, "events", table); });
  section("consistency", [&](const Tree& list) { config.consistency = read_all_consistency(file, list); });
  if (!config.events_endpoint.empty() && config.events_endpoint == config.admin_endpoint)
    throw ConfigError(place(file, root.find("events")->at) +
                      "events.endpoint: expected another endpoint than that of [admin], found the same one, " +
                      config.events_endpoint);
  return config;
}

}  // namespace dbha
