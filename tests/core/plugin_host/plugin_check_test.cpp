#include "plugin_host/plugin_check.hpp"

#include "support/catch.hpp"

using namespace dbha;

namespace {

Backend* create_backend(const PluginContext&) {
  return nullptr;
}
ConsistencyHandler* create_consistency(const ConsistencyContext&) {
  return nullptr;
}

PluginInfo good() {
  return {plugin_abi_version,
          sizeof(PluginInfo),
          PluginKind::backend,
          toolchain_tag,
          "redis",
          "",
          nullptr,
          0,
          create_backend,
          nullptr};
}

std::string refused(const PluginInfo& info) {
  return refusal(info, "redis", PluginKind::backend);
}

}  // namespace

TEST_CASE("a plugin of the same ABI, toolchain, name and kind is accepted") {
  CHECK(refused(good()).empty());
  CHECK(refusal(good(), "", PluginKind::backend).empty());
}

TEST_CASE("another ABI version is refused before anything else is read") {
  PluginInfo info = good();
  info.abi_version = 7;
  info.name = nullptr;
  info.toolchain = nullptr;
  CHECK(refused(info) == "expected plugin ABI version 4, found 7; build the plugin against this version of dbha");
}

TEST_CASE("another size of the description is refused") {
  PluginInfo info = good();
  info.size = 8;
  CHECK(refused(info) == "expected a plugin description of " + std::to_string(sizeof(PluginInfo)) +
                             " bytes, found 8 bytes; build the plugin against this version of dbha");
}

TEST_CASE("another toolchain is refused with both") {
  PluginInfo info = good();
  info.toolchain = "clang-19";
  CHECK(refused(info) == std::string("expected a plugin built with '") + toolchain_tag +
                             "', found 'clang-19'; build the plugin with the compiler and options of dbha");
  info.toolchain = nullptr;
  CHECK(refused(info) == std::string("expected a plugin built with '") + toolchain_tag +
                             "', found none; build the plugin with the compiler and options of dbha");
}

TEST_CASE("a plugin under another name than its own is refused") {
  PluginInfo info = good();
  info.name = "rediss";
  CHECK(refused(info) ==
        "expected a plugin named 'redis', found 'rediss'; give the file the name that the plugin declares");
  info.name = nullptr;
  CHECK(refused(info) ==
        "expected a plugin named 'redis', found none; give the file the name that the plugin declares");
}

TEST_CASE("a plugin of another kind is refused") {
  PluginInfo info = good();
  info.kind = PluginKind::consistency;
  CHECK(refused(info) == "expected a plugin of kind backend, found consistency; name it in the section for its kind");
  info.kind = static_cast<PluginKind>(9);
  CHECK(refused(info) == "expected a plugin of kind backend, found unknown; name it in the section for its kind");
}

TEST_CASE("a plugin without its factory, or with two, is refused") {
  const std::string expected =
      "expected exactly one factory, for backend, found another set of them; declare it with DBHA_PLUGIN";
  PluginInfo info = good();
  info.create_backend = nullptr;
  CHECK(refused(info) == expected);
  info = good();
  info.create_consistency = create_consistency;
  CHECK(refused(info) == expected);
}

TEST_CASE("a plugin that counts options and has none is refused") {
  PluginInfo info = good();
  info.option_count = 3;
  CHECK(refused(info) == "expected options that are there, found a null pointer; declare them with DBHA_PLUGIN");
}
