#pragma once
/// What process the shell is.

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace dbha::shell {

/// A detector of the cluster at these seeds, and its controller, with a bus in the private `folder`.
Config of_seeds(const std::vector<std::string>& seeds, const std::filesystem::path& folder);

/// The process of a file: as it stands if it has a detector, whose memory and endpoints are part of it. A file with a
/// controller alone may be in use by a running process: the shell is another controller of that fleet then, with a name
/// of its own, no handlers, and a state that ends with it, in `folder`. Throws ConfigError.
Config of_file(const std::filesystem::path& file, const std::filesystem::path& folder);

}  // namespace dbha::shell
