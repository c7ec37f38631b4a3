#include "plugin_host/plugin_host.hpp"

#include <algorithm>
#include <exception>
#include <set>
#include <system_error>
#include <utility>

#include "config/words.hpp"
#include "plugin_host/library.hpp"
#include "plugin_host/plugin_check.hpp"

namespace dbha {
namespace {

constexpr std::string_view prefixes[] = {"libdbha_", "dbha_"};
constexpr std::string_view suffix = ".so";

bool is_path(std::string_view name) {
  return name.find('/') != std::string_view::npos;
}

/// NAME of libdbha_NAME.so or dbha_NAME.so; "" of any other file.
std::string name_in(const std::string& file) {
  for (const std::string_view prefix : prefixes) {
    if (file.starts_with(prefix) && file.ends_with(suffix) && file.size() > prefix.size() + suffix.size())
      return file.substr(prefix.size(), file.size() - prefix.size() - suffix.size());
  }
  return "";
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code unreadable;  // a folder that is not there holds no plugins; a name not found lists the folders
  std::filesystem::directory_iterator entry(folder, unreadable);
  for (; !unreadable && entry != std::filesystem::directory_iterator(); entry.increment(unreadable)) {
    std::string name = name_in(entry->path().filename());
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

/// Runs a factory. Its exceptions' classes and texts may live in the plugin; what leaves here are copies.
template <class Create>
auto call_factory(const Plugin& plugin, Create create) {
  const auto failed = [&](const std::string& why) {
    return PluginError(plugin.file.string() + ": plugin '" + plugin.info->name + "' could not be created: " + why);
  };
  try {
    if (auto* object = create()) return object;
  } catch (const ConfigError& error) {
    throw ConfigError(std::string(error.what()));
  } catch (const std::exception& error) {
    throw failed(error.what());
  } catch (...) {
    throw failed("it threw something that is no std::exception; report it to the plugin's author");
  }
  throw failed("its factory returned nothing; report it to the plugin's author");
}

}  // namespace

std::unique_ptr<Backend> Plugin::create_backend(const PluginContext& context) const {
  return std::unique_ptr<Backend>(call_factory(*this, [&] { return info->create_backend(context); }));
}

std::unique_ptr<ConsistencyHandler> Plugin::create_consistency(const ConsistencyContext& context) const {
  return std::unique_ptr<ConsistencyHandler>(call_factory(*this, [&] { return info->create_consistency(context); }));
}

PluginHost::PluginHost(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

Plugin PluginHost::load(std::string_view name, std::optional<PluginKind> kind) {
  const std::filesystem::path file = find(name);
  const auto refuse = [&](const std::string& why) {
    if (!why.empty()) throw PluginError(file.string() + ": " + why);
  };
  auto loaded = loaded_.find(file);
  if (loaded == loaded_.end()) {
    refuse(preflight(file));
    loaded = loaded_.emplace(file, Plugin{&load_library(file), file}).first;
  }
  refuse(refusal(*loaded->second.info, is_path(name) ? "" : name, kind));
  return loaded->second;
}

std::vector<std::string> PluginHost::names() const {
  std::set<std::string> names;
  for (const auto& folder : folders_)
    for (std::string& name : names_in(folder)) names.insert(std::move(name));
  return {names.begin(), names.end()};
}

std::filesystem::path PluginHost::find(std::string_view name) const {
  std::error_code unreadable;  // then it is not found there
  if (is_path(name)) {
    const std::filesystem::path file(name);
    if (std::filesystem::exists(file, unreadable)) return std::filesystem::absolute(file);
    throw PluginError(file.string() + ": expected a plugin, found no such file; correct the path");
  }
  std::vector<std::string> searched;
  for (const auto& folder : folders_) {
    for (const std::string_view prefix : prefixes) {
      const auto file = folder / (std::string(prefix) + std::string(name) + std::string(suffix));
      if (std::filesystem::exists(file, unreadable)) return std::filesystem::absolute(file);
    }
    searched.push_back(folder.string());
  }
  throw PluginError("plugin '" + std::string(name) + "': expected libdbha_" + std::string(name) + ".so in " +
                    (searched.empty() ? "a folder of plugin_path, which is empty" : either(searched)) + ", found none" +
                    did_you_mean(name, names()));
}

}  // namespace dbha
