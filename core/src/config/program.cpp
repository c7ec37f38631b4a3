#include "config/program.hpp"

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include <unistd.h>

namespace dbha {
namespace {

/// A folder may be "executed" too, but not run.
bool is_program(const std::filesystem::path& file) {
  std::error_code none_there;
  return std::filesystem::is_regular_file(file, none_there) && access(file.c_str(), X_OK) == 0;
}

}  // namespace

bool can_be_run(const std::string& program) {
  if (program.find('/') != std::string::npos) return is_program(program);
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path ? path : "/bin:/usr/bin"; !program.empty() && !rest.empty();) {
    const auto folder = rest.substr(0, rest.find(':'));
    if (is_program(std::filesystem::path(folder.empty() ? "." : folder) / program)) return true;
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
  }
  return false;
}

}  // namespace dbha
