#pragma once
/// `dbha shell`: commands for the database, line by line, through a controller of its own.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dbha {

struct ShellOptions {
  std::vector<std::string> seeds;  ///< empty: `config` is given
  std::filesystem::path config;
  std::uint32_t timeout_ms = 5000;           ///< how long to wait for the first topology
  std::optional<std::uint32_t> deadline_ms;  ///< of each command; otherwise the configuration's
  std::optional<std::string> log;            ///< what is below is not logged; otherwise the file's level, or error
};

/// Serves standard input until it ends, and returns the exit status. Throws ConfigError, PluginError or StartError.
int run_shell(const ShellOptions& options);

}  // namespace dbha
