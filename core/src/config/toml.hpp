#pragma once
/// From TOML to Tree.

#include <string>
#include <string_view>

#include "config/tree.hpp"

namespace dbha {

/// Throws ConfigError, "FILE:LINE:COLUMN: not valid TOML: ...", which tells no value of the file.
Tree read_toml(std::string_view content, const std::string& file);

}  // namespace dbha
