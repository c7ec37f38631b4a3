#pragma once

#include <nlohmann/json.hpp>

namespace dbha::app {

/// A topology for people, to standard output. As a process answers `dbha topology`: with "version" and "covered" beside
/// what the topology itself is.
void print_topology(const nlohmann::json& topology);

}  // namespace dbha::app
