#pragma once
/// The text of one log line after its time: `info  failover shard=0-5460 primary="node 3"`.

#include <string>
#include <string_view>

#include <dbha/context.hpp>

namespace dbha {

/// One line, whatever the values hold: control characters are escaped (\n, \x1b), so that a text that came from a node
/// or a network can neither forge a second line nor steer a terminal. Values are quoted if they are empty or hold
/// blanks, quotes, '=' or escapes.
std::string log_line(LogLevel level, std::string_view event, Log::Fields fields);

}  // namespace dbha
