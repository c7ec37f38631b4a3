#include "mirror/settings.hpp"

#include <dbha/error.hpp>

namespace dbha::mirror {
namespace {

Durability read_durability(const Options& options) {
  const auto word = options.text("durability");
  if (word == "power") return Durability::power;
  if (word == "process") return Durability::process;
  throw ConfigError(options.where("durability") + ": expected \"power\" or \"process\", found \"" + word + '"');
}

std::filesystem::path read_file(const ConsistencyContext& context) {
  if (const auto file = context.options.text("file"); !file.empty()) return file;
  return context.state_dir / (context.process_name + '.' + context.handler + ".mirror.db");
}

std::vector<std::string> read_tables(const Options& options) {
  auto tables = options.text_list("tables");
  for (const auto& table : tables)
    if (table.empty()) throw ConfigError(options.where("tables") + ": expected names of tables, found an empty one");
  return tables;
}

Direction read_direction(const Options& options) {
  const auto word = options.text("direction");
  if (word == "push") return Direction::push;
  if (word == "pull") return Direction::pull;
  throw ConfigError(options.where("direction") + ": expected \"push\" or \"pull\", found \"" + word + '"');
}

/// Of the other direction an option would have no effect.
void refuse_misplaced(const Options& options, Direction direction) {
  const bool push = direction == Direction::push;
  const std::string name = push ? "topics" : "owned";
  if (options.text_list(name).empty()) return;
  throw ConfigError(options.where(name) + (push ? ": expected none in a mirror with direction \"push\", which holds "
                                                  "its tables whole"
                                                : ": expected none in a mirror with direction \"pull\", which owns no "
                                                  "table: the database is the truth"));
}

std::vector<std::string> read_topics(const Options& options) {
  auto topics = options.text_list("topics");
  for (const auto& topic : topics)
    if (topic.empty()) throw ConfigError(options.where("topics") + ": expected names of topics, found an empty one");
  return topics;
}

std::vector<std::string> read_owned(const Options& options, const std::vector<std::string>& tables) {
  auto owned = options.text_list("owned");
  for (const auto& table : owned)
    if (std::find(tables.begin(), tables.end(), table) == tables.end())
      throw ConfigError(options.where("owned") + ": expected tables that are among `tables`, found \"" + table + '"');
  return owned;
}

}  // namespace

Settings read_settings(const ConsistencyContext& context) {
  const Options& options = context.options;
  const auto tables = read_tables(options);
  const Direction direction = read_direction(options);
  refuse_misplaced(options, direction);
  return {.handler = context.handler,
          .process = context.process_name,
          .tables = tables,
          .file = {read_file(context), options.size("store_limit"), read_durability(options)},
          .tombstone_ttl = options.duration("tombstone_ttl"),
          .rate = static_cast<double>(options.integer("rate")),
          .resync = options.flag("resync"),
          .direction = direction,
          .owned = read_owned(options, tables),
          .remove_after = options.duration("remove_after"),
          .topics = read_topics(options),
          .compare_every = options.duration("compare_every"),
          .announce = options.flag("announce")};
}

}  // namespace dbha::mirror
