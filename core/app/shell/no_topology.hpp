#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace dbha::shell {

/// Why a process has no topology yet, by what `dbha status --json` says of it: of a detector, each seed's reason.
std::string why_no_topology(const nlohmann::json& status);

}  // namespace dbha::shell
