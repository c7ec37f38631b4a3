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

}  // namespace

Settings read_settings(const ConsistencyContext& context) {
  const Options& options = context.options;
  return {.handler = context.handler,
          .process = context.process_name,
          .tables = read_tables(options),
          .file = {read_file(context), options.size("store_limit"), read_durability(options)},
          .tombstone_ttl = options.duration("tombstone_ttl"),
          .rate = static_cast<double>(options.integer("rate"))};
}

}  // namespace dbha::mirror
