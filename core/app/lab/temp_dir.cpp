#include "lab/temp_dir.hpp"

#include <cerrno>
#include <system_error>

#include <stdlib.h>

namespace dbha::lab {

TempDir::TempDir(const std::string& prefix) {
  std::string name = (std::filesystem::temp_directory_path() / (prefix + "-XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "cannot make " + name);
  path_ = name;
}

TempDir::~TempDir() {
  if (keep_) return;
  std::error_code ignored;  // a leftover folder is no reason to end the process
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace dbha::lab
