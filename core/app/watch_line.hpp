#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace dbha::app {

/// One line of `dbha watch` as the process's log would have it: time, role, event, key=value ...
std::string watch_line(const nlohmann::json& line);

/// Only what tells more of it: " key=value key=value ...", what a reader looks for first.
std::string fields_text(const nlohmann::json& line);

/// "0-5460,5462" of [[0, 5460], [5462, 5462]].
std::string ranges_text(const nlohmann::json& ranges);

}  // namespace dbha::app
