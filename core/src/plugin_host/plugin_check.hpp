#pragma once
/// Is this plugin one that this host can run? Pure: the constant in, the reason of a refusal out.

#include <optional>
#include <string>
#include <string_view>

#include <dbha/plugin.hpp>

namespace dbha {

inline constexpr const char* text_of(PluginKind kind) {
  switch (kind) {
    case PluginKind::backend:
      return "backend";
    case PluginKind::consistency:
      return "consistency";
  }
  return "unknown";
}

/// "" if it can be used as `name` of that kind, else what was expected, what was found and what to do. No name or no
/// kind accepts any. Members after `size` are read only when version and size agree: another version may have them
/// elsewhere.
std::string refusal(const PluginInfo& info, std::string_view name, std::optional<PluginKind> kind);

}  // namespace dbha
