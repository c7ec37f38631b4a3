#include "runtime/plugin_folders.hpp"

#include <dlfcn.h>

namespace dbha {

std::vector<std::filesystem::path> plugin_folders(const Config& config) {
  auto out = config.plugin_path;
  Dl_info self{};
  if (dladdr(reinterpret_cast<const void*>(&plugin_folders), &self) != 0 && self.dli_fname) {
    std::error_code error;  // a library that cannot be found any more: only the configured folders are left
    const auto library = std::filesystem::canonical(self.dli_fname, error);
    if (!error) out.push_back(library.parent_path() / "dbha" / "plugins");
  }
  return out;
}

}  // namespace dbha
