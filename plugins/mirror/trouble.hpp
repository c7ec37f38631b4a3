#pragma once

#include <filesystem>
#include <string>

#include "mirror/sqlite.hpp"

namespace dbha::mirror {

/// What is wrong with the file, in a sentence that says what to do.
std::string trouble_of(const StoreFailure& failure, const std::filesystem::path& file);

}  // namespace dbha::mirror
