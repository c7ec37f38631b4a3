#pragma once
/// The two sections that speak of detectors.

#include <filesystem>

#include "config/config.hpp"
#include "config/tree.hpp"

namespace dbha {

/// Both throw ConfigError for what is wrong in the section itself and for what contradicts itself there.
DetectorConfig read_detector(const std::filesystem::path& file, const Tree& table);
ControllerConfig read_controller(const std::filesystem::path& file, const Tree& table);

}  // namespace dbha
