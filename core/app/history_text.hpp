#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace dbha::app {

/// An entry of a history for a person: the line that `dbha watch` printed, and below it the evidence.
std::string history_text(const nlohmann::json& entry);

}  // namespace dbha::app
