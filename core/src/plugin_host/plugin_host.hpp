#pragma once
/// Finds, checks and loads plugins.
///
/// The problem: dlopen() of a damaged file can kill the process, and a library built by another toolchain or for
/// another version of the API would corrupt it silently. So a file is examined before any of its code runs (see
/// library.hpp), and its `dbha_plugin` constant is compared before its factory is called. A library stays loaded for
/// the life of the process: there is no protocol of who may still hold an object of it.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <dbha/error.hpp>
#include <dbha/plugin.hpp>

namespace dbha {

/// A plugin that has passed all checks. Cheap to copy; `info` is valid for the life of the process.
struct Plugin {
  const PluginInfo* info;
  std::filesystem::path file;

  /// Call the factory. Whatever it throws arrives as PluginError, or ConfigError if it throws that: with a text that is
  /// a copy, so that nothing of the plugin is needed to read it.
  std::unique_ptr<Backend> create_backend(const PluginContext& context) const;
  std::unique_ptr<ConsistencyHandler> create_consistency(const ConsistencyContext& context) const;
};

/// One thread. Throws PluginError with one line: the file, what was expected, what was found, what to do.
class PluginHost {
 public:
  /// The folders are searched in this order.
  explicit PluginHost(std::vector<std::filesystem::path> folders);

  /// Loads libdbha_NAME.so or dbha_NAME.so from the first folder that has one; a name with '/' in it is the file's
  /// path. A plugin already loaded is returned again. No kind: either.
  Plugin load(std::string_view name, std::optional<PluginKind> kind);

  /// The names that load() would find, sorted. Folders that do not exist are empty.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path find(std::string_view name) const;

  std::vector<std::filesystem::path> folders_;
  std::map<std::filesystem::path, Plugin> loaded_;
};

}  // namespace dbha
