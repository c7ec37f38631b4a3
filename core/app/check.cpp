#include <cstdio>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "exit_status.hpp"
#include "runtime/process.hpp"

namespace dbha::app {

int check(const std::filesystem::path& file, bool json) {
  const Config config = load_config(file);
  auto lines = describe(config);
  for (auto& line : check_plugins(config)) lines.push_back(std::move(line));
  if (json) {
    std::printf("%s\n", nlohmann::json{{"file", file.string()}, {"ok", true}, {"process", lines}}.dump(2).c_str());
    return done;
  }
  for (const auto& line : lines) std::printf("%s\n", line.c_str());
  std::printf("%s: ok\n", file.c_str());
  return done;
}

}  // namespace dbha::app
