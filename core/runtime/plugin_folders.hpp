#pragma once

#include <filesystem>
#include <vector>

#include "config/config.hpp"

namespace dbha {

/// The folders in which plugins are looked for: the configured ones, then dbha/plugins beside this library, wherever it
/// was installed.
std::vector<std::filesystem::path> plugin_folders(const Config& config);

}  // namespace dbha
