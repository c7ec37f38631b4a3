#include "plugin_host/plugin_check.hpp"

namespace dbha {
namespace {

std::string differs(const std::string& what, const std::string& expected, const std::string& found,
                    const std::string& advice) {
  return "expected " + what + ' ' + expected + ", found " + found + "; " + advice;
}

std::string quoted(const char* text) {
  return text ? '\'' + std::string(text) + '\'' : "none";
}

bool has_factory(const PluginInfo& info) {
  const bool backend = info.create_backend != nullptr;
  const bool consistency = info.create_consistency != nullptr;
  switch (info.kind) {
    case PluginKind::backend:
      return backend && !consistency;
    case PluginKind::consistency:
      return consistency && !backend;
  }
  return false;
}

}  // namespace

std::string refusal(const PluginInfo& info, std::string_view name, std::optional<PluginKind> kind) {
  static const std::string rebuild = "build the plugin against this version of dbha";
  if (info.abi_version != plugin_abi_version)
    return differs("plugin ABI version", std::to_string(plugin_abi_version), std::to_string(info.abi_version), rebuild);
  if (info.size != sizeof(PluginInfo))
    return differs("a plugin description of", std::to_string(sizeof(PluginInfo)) + " bytes",
                   std::to_string(info.size) + " bytes", rebuild);
  if (!info.toolchain || std::string_view(info.toolchain) != toolchain_tag)
    return differs("a plugin built with", quoted(toolchain_tag), quoted(info.toolchain),
                   "build the plugin with the compiler and options of dbha");
  if (!info.name || *info.name == '\0' || (!name.empty() && name != info.name))
    return differs("a plugin named", quoted(std::string(name).c_str()), quoted(info.name),
                   "give the file the name that the plugin declares");
  if (kind && info.kind != *kind)
    return differs("a plugin of kind", text_of(*kind), text_of(info.kind), "name it in the section for its kind");
  if (!has_factory(info))
    return differs("exactly one factory, for", text_of(info.kind), "another set of them",
                   "declare it with DBHA_PLUGIN");
  if (info.option_count > 0 && !info.options)
    return differs("options", "that are there", "a null pointer", "declare them with DBHA_PLUGIN");
  return "";
}

}  // namespace dbha
