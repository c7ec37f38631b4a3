#include "shell/configuration.hpp"

#include <unistd.h>

#include <dbha/error.hpp>

namespace dbha::shell {
namespace {

/// Replies of megabytes are no mistake where a person asks for them; what is outstanding is limited by the shell.
constexpr std::size_t room_for_bytes = 2'000'000'000;

std::string own_name(const std::string& prefix) {
  constexpr std::size_t longest_name = 64;
  const std::string end = "shell-" + std::to_string(getpid());
  return prefix.substr(0, longest_name - end.size()) + end;
}

Tree text(const std::string& value) {
  return {value, {}};
}

PluginSection redis(const std::vector<std::string>& seeds) {
  Tree::Array list;
  for (const auto& seed : seeds) list.push_back(text(seed));
  Tree::Table table;
  table.push_back({"plugin", {}, text("redis")});
  table.push_back({"seeds", {}, {std::move(list), {}}});
  return {"backend", "redis", {std::move(table), {}}, {"plugin"}};
}

BusEndpoints bus_in(const std::filesystem::path& folder) {
  return {"ipc://" + (folder / "publish").string(), "ipc://" + (folder / "control").string()};
}

}  // namespace

Config of_seeds(const std::vector<std::string>& seeds, const std::filesystem::path& folder) {
  Config config;
  config.file = "--seeds";
  config.name = own_name("");
  config.cluster = "shell";
  config.state_dir = folder / "state";
  config.backend = redis(seeds);
  config.detector = DetectorConfig{};
  config.detector->bind = bus_in(folder);
  config.detector->listen = {};  // nobody else knows this detector
  config.controller = ControllerConfig{};
  config.controller->detectors = {config.detector->bind};
  config.controller->queue_bytes = room_for_bytes;
  return config;
}

Config of_file(const std::filesystem::path& file, const std::filesystem::path& folder) {
  Config config = load_config(file);
  if (!config.controller)
    throw ConfigError(file.string() + ": [controller]: expected for a shell, but the file has none");
  if (config.detector) return config;
  config.name = own_name(config.name + "-");
  config.state_dir = folder / "state";
  config.admin_endpoint.clear();
  config.log.file.clear();
  config.consistency.clear();
  return config;
}

}  // namespace dbha::shell
