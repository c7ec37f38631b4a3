#pragma once
/// A correct configuration to start from, and what parsing a changed one says.

#include <string>
#include <string_view>

#include "config/config.hpp"

namespace dbha::test {

/// The smallest file with both roles. Tests refer to its line numbers.
inline constexpr char sample[] =
    "name = 'nb-1'\n"                                                          // 1
    "cluster = 'nb'\n"                                                         // 2
    "[backend]\n"                                                              // 3
    "plugin = 'redis'\n"                                                       // 4
    "[detector]\n"                                                             // 5
    "publish = 'tcp://*:5570'\n"                                               // 6
    "control = 'tcp://*:5571'\n"                                               // 7
    "[controller]\n"                                                           // 8
    "detectors = [{ publish = 'tcp://a:5570', control = 'tcp://a:5571' }]\n";  // 9

/// The sample with `line` behind its line number `after`: what it says is found in line after + 1.
inline std::string with(int after, std::string_view line) {
  std::string content = sample;
  std::size_t at = 0;
  for (; after > 0; --after) at = content.find('\n', at) + 1;
  return content.insert(at, std::string(line) + '\n');
}

/// The sample with its line number `which` replaced.
inline std::string replaced(int which, std::string_view line) {
  std::string content = with(which, line);
  std::size_t at = 0;
  for (int i = 1; i < which; ++i) at = content.find('\n', at) + 1;
  return content.erase(at, content.find('\n', at) + 1 - at);
}

/// What the ConfigError says; "accepted" if there is none.
inline std::string error_of(std::string_view content) {
  try {
    parse_config(content, "nb.toml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace dbha::test
