#pragma once
/// How an error begins, and how it shows what was found: one form for all of the configuration.

#include <filesystem>
#include <string>
#include <string_view>

#include "config/tree.hpp"

namespace dbha {

/// "FILE:LINE:COLUMN: ", to begin a ConfigError with; editors jump to it.
std::string place(const std::filesystem::path& file, Position at);

/// What stands there, for "expected ..., found ...": `text "5x"`, `integer 5`, `a table`. The value of a key that holds
/// a secret is left out, a long one is cut, control characters are replaced.
std::string found(std::string_view key, const Tree& value);

}  // namespace dbha
