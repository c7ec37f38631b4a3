// The only file that includes Boost.DLL. Boost.Filesystem would be one more library to link; std::filesystem does.
#define BOOST_DLL_USE_STD_FS
#include "plugin_host/library.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <dlfcn.h>

#include <dbha/error.hpp>

namespace dbha {
namespace {

constexpr char section[] = "boostdll";
constexpr char symbol[] = "dbha_plugin";

/// Never destroyed: a destructor at exit would unload libraries while their objects may still be in use.
std::vector<boost::dll::shared_library>& loaded_for_ever() {
  static auto* const libraries = new std::vector<boost::dll::shared_library>;
  return *libraries;
}

}  // namespace

std::string preflight(const std::filesystem::path& file) try {
  if (!std::filesystem::is_regular_file(file)) return "expected a shared object, found no regular file";
  boost::dll::library_info info(file);
  // Walks all section headers and the string tables. The symbols themselves are not asked for: a stripped file has lost
  // the table that Boost reads, but not its sections.
  info.symbols(section);
  const auto sections = info.sections();
  if (std::find(sections.begin(), sections.end(), section) != sections.end()) return "";
  return "expected a dbha plugin, found a shared object without DBHA_PLUGIN; install a plugin built for dbha";
} catch (const std::exception&) {
  // Boost's texts ("basic_ios::clear: iostream error") tell an operator nothing.
  return "expected a complete shared object for this machine, found a file that is damaged, cut off or of another "
         "kind; "
         "install it again";
}

const PluginInfo& load_library(const std::filesystem::path& file) {
  boost::dll::shared_library library;
  boost::dll::fs::error_code error;
  library.load(file, error, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (error) {
    const char* reason = dlerror();
    throw PluginError(file.string() + ": expected a plugin that can be loaded, found: " +
                      (reason ? reason : error.message()) + "; install the libraries that it needs");
  }
  if (!library.has(symbol))
    throw PluginError(file.string() +
                      ": expected the exported symbol dbha_plugin, found none; export it with DBHA_PLUGIN");
  const auto& info = library.get<const PluginInfo>(symbol);
  loaded_for_ever().push_back(std::move(library));
  return info;
}

}  // namespace dbha
