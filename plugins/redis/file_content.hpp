#pragma once
/// Reads a small file that the configuration names.

#include <string>

#include "redis/parsed.hpp"

namespace dbha::redis {

/// All of it; or that it cannot be read, and why.
Parsed<std::string> content_of(const std::string& path);

}  // namespace dbha::redis
