#pragma once
/// The plugin ABI: one exported constant, `dbha_plugin`, which the host reads before it calls any code of the plugin.
///
/// A backend plugin is a shared object with one line:
///
///     DBHA_PLUGIN(dbha::PluginKind::backend, "redis", "Redis Cluster", options, create)
///
/// where `options` is a `const dbha::OptionSpec[]` and `create` is `dbha::Backend* create(const dbha::PluginContext&)`,
/// which may throw. A consistency handler has the kind `consistency` and `dbha::ConsistencyHandler* create(const
/// dbha::ConsistencyContext&)`. C++ types cross this boundary, so host and plugin must be built by the same toolchain;
/// the tag in the constant is compared.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <dbha/backend.hpp>
#include <dbha/consistency.hpp>
#include <dbha/context.hpp>

namespace dbha {

/// Raise it whenever a type or a virtual function of include/dbha that a plugin sees changes. The host accepts its own
/// number only.
inline constexpr std::uint32_t plugin_abi_version = 4;

enum class PluginKind : std::uint32_t { backend = 1, consistency = 2 };

#define DBHA_STRINGIFY_(x) #x
#define DBHA_STRINGIFY(x) DBHA_STRINGIFY_(x)
#if defined(__SANITIZE_ADDRESS__)
#define DBHA_SANITIZER_TAG "-asan"
#elif defined(__SANITIZE_THREAD__)
#define DBHA_SANITIZER_TAG "-tsan"
#else
#define DBHA_SANITIZER_TAG ""
#endif
#if defined(__clang__)
#define DBHA_COMPILER_TAG "clang-" DBHA_STRINGIFY(__clang_major__)
#else
#define DBHA_COMPILER_TAG "gcc-" DBHA_STRINGIFY(__GNUC__)
#endif

/// What must be equal in host and plugin for C++ types to cross: compiler, standard library ABI, sanitizer.
inline constexpr char toolchain_tag[] =
    DBHA_COMPILER_TAG "-libstdcxx-cxx11abi" DBHA_STRINGIFY(_GLIBCXX_USE_CXX11_ABI) DBHA_SANITIZER_TAG;

/// A POD. `abi_version` and `size` stay the first members for ever, so that any host can read them of any plugin.
struct PluginInfo {
  std::uint32_t abi_version;
  std::uint32_t size;  ///< sizeof(PluginInfo) of the plugin
  PluginKind kind;
  const char* toolchain;
  const char* name;
  const char* description;
  const OptionSpec* options;
  std::size_t option_count;
  /// Exactly one is set, by the kind. The caller owns what they return.
  Backend* (*create_backend)(const PluginContext&);
  ConsistencyHandler* (*create_consistency)(const ConsistencyContext&);
};

namespace detail {
constexpr PluginInfo plugin_info(PluginKind kind, const char* name, const char* description, const OptionSpec* options,
                                 std::size_t count, Backend* (*create)(const PluginContext&)) {
  return {
      plugin_abi_version, sizeof(PluginInfo), kind, toolchain_tag, name, description, options, count, create, nullptr};
}
constexpr PluginInfo plugin_info(PluginKind kind, const char* name, const char* description, const OptionSpec* options,
                                 std::size_t count, ConsistencyHandler* (*create)(const ConsistencyContext&)) {
  return {
      plugin_abi_version, sizeof(PluginInfo), kind, toolchain_tag, name, description, options, count, nullptr, create};
}
}  // namespace detail

/// The section's name lets the host find the constant in a file without running any of its code.
#define DBHA_PLUGIN(kind, name, description, options, create)                                                  \
  extern "C" __attribute__((section("boostdll"), visibility("default"))) const ::dbha::PluginInfo dbha_plugin; \
  __attribute__((used)) const ::dbha::PluginInfo dbha_plugin =                                                 \
      ::dbha::detail::plugin_info(kind, name, description, options, sizeof(options) / sizeof((options)[0]), create)

}  // namespace dbha
