#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "commands.hpp"

namespace dbha::app {

/// Where to ask. Throws ConfigError where no endpoint is given.
std::string endpoint_of(const Question& question);

/// Sends a request, {"request": "status"}, to the admin endpoint of a question and returns the answer. Nothing if
/// nobody answered: the reason stands on standard error then. Throws ConfigError where no endpoint is given.
std::optional<nlohmann::json> ask(const Question& question, const nlohmann::json& request);

}  // namespace dbha::app
