#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbha::shell {

/// The words of a line, as redis-cli splits it: blanks between words; "..." with \n \r \t \b \a \xHH, any other
/// character after a backslash standing for itself; '...' with \' only. What closes a quote must be followed by a blank
/// or the end. Nothing if the quotes are not balanced.
std::optional<std::vector<std::string>> split_line(std::string_view line);

}  // namespace dbha::shell
