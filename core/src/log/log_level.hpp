#pragma once
/// The names of log levels, in configuration files and in log lines.

#include <dbha/context.hpp>

namespace dbha {

/// In the order of LogLevel.
inline constexpr const char* log_level_names[] = {"trace", "debug", "info", "warning", "error"};

inline constexpr const char* text_of(LogLevel level) {
  return log_level_names[static_cast<int>(level)];
}

}  // namespace dbha
