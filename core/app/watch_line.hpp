#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace dbha::app {

/// One line of `dbha watch` as the process's log would have it: time, role, event, key=value ...
std::string watch_line(const nlohmann::json& line);

}  // namespace dbha::app
