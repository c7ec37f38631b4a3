// Real files: right ones, and one for each way of being wrong, each refused with the exact text that an operator reads.
#include "plugin_host/plugin_host.hpp"

#include <cstdlib>
#include <fstream>
#include <functional>

#include "config/option_table.hpp"
#include "config/toml.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "support/test_log.hpp"
#include "support/virtual_loop.hpp"

using namespace dbha;
namespace fs = std::filesystem;

namespace {

const fs::path fixtures = DBHA_FIXTURE_PLUGIN_DIR;

std::string fixture(const std::string& name) {
  return (fixtures / ("libdbha_" + name + ".so")).string();
}

/// What the PluginError says; "loaded" if there is none.
std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const PluginError& error) {
    return error.what();
  }
  return "loaded";
}

std::string refused(const std::string& name, PluginKind kind = PluginKind::backend) {
  return error_of([&] { PluginHost({fixtures}).load(name, kind); });
}

/// What a factory is given.
struct Context {
  explicit Context(const Plugin& plugin, std::string name = "nb-1")
      : section{"backend", plugin.info->name, read_toml("", "nb.toml"), {}},
        options("nb.toml", section, std::span(plugin.info->options, plugin.info->option_count)),
        context{loop, log, options, std::move(name), fs::temp_directory_path()} {}

  test::VirtualLoop loop;
  test::TestLog log;
  PluginSection section;
  OptionTable options;
  PluginContext context;
};

/// Of a process without a database.
struct NoHost final : ConsistencyHost {
  VersionedStore* versioned_store() override { return nullptr; }
  std::shared_ptr<const Topology> topology() const override { return nullptr; }
  Duration resync_window() const override { return {}; }
  void publish(std::string, std::string, Completion) override {}
  void subscribe(std::string, Database::MessageHandler) override {}
  void unsubscribe(std::string) override {}
};

std::string creation_error(const std::string& process_name) {
  const Plugin plugin = PluginHost({fixtures}).load("throwing", PluginKind::backend);
  const Context context(plugin, process_name);
  return error_of([&] { plugin.create_backend(context.context); });
}

constexpr char damaged[] =
    ": expected a complete shared object for this machine, found a file that is damaged, cut off or of another kind; "
    "install it again";

}  // namespace

TEST_CASE("a plugin is found by its name, described and created") {
  PluginHost host({"/nowhere", fixtures});
  const Plugin plugin = host.load("good", PluginKind::backend);
  CHECK(plugin.file == fixture("good"));
  CHECK(std::string(plugin.info->name) == "good");
  CHECK(std::string(plugin.info->description) == "a database of one partition");
  CHECK(plugin.info->option_count == 1);
  const Context context(plugin);
  CHECK(context.options.integer("depth") == 3);
  const std::unique_ptr<Backend> backend = plugin.create_backend(context.context);
  CHECK(backend->traits().partitions == 1);
}

TEST_CASE("a consistency plugin is loaded and created in the same way") {
  const Plugin plugin = PluginHost({fixtures}).load("handler", PluginKind::consistency);
  const Context context(plugin);
  NoHost host;
  const std::unique_ptr<ConsistencyHandler> handler(
      plugin.create_consistency(ConsistencyContext{context.context, host, "handler"}));
  CHECK(handler->handle(ViewFresh{"nb"}));
  CHECK_FALSE(handler->progress());
  CHECK(handler->trouble().empty());
  CHECK_FALSE(handler->mirror());
}

TEST_CASE("a plugin asked for twice is loaded once") {
  PluginHost host({fixtures});
  CHECK(host.load("good", PluginKind::backend).info == host.load("good", PluginKind::backend).info);
}

TEST_CASE("a plugin stays loaded after its host has gone") {
  const Plugin plugin = PluginHost({fixtures}).load("good", PluginKind::backend);
  const Context context(plugin);
  CHECK(plugin.create_backend(context.context)->seeds().empty());
}

TEST_CASE("a name with a slash is a path, and the plugin may be called anything") {
  const test::TempFolder folder;
  const fs::path link = folder.path() / "any-name.so";
  fs::create_symlink(fixture("good"), link);
  CHECK(std::string(PluginHost({}).load(link.string(), PluginKind::backend).info->name) == "good");
}

TEST_CASE("a stripped plugin is loaded") {
  CHECK(std::string(PluginHost({}).load((fixtures / "stripped.so").string(), PluginKind::backend).info->name) ==
        "good");
}

TEST_CASE("the first folder that has the plugin wins") {
  const test::TempFolder first;
  fs::copy_file(fixture("good"), first.path() / "dbha_good.so");
  CHECK(PluginHost({first.path(), fixtures}).load("good", PluginKind::backend).file == first.path() / "dbha_good.so");
}

TEST_CASE("the names of all plugins in the folders are listed, and each can be loaded without knowing its kind") {
  CHECK(PluginHost({fixtures, "/nowhere"}).names() ==
        std::vector<std::string>{"echo", "good", "handler", "no_plugin", "other_abi", "throwing", "unresolved"});
  CHECK(PluginHost({}).names().empty());
  CHECK(PluginHost({fixtures}).load("handler", std::nullopt).info->kind == PluginKind::consistency);
}

TEST_CASE("a plugin that is not there is refused with the folders searched and the nearest name") {
  CHECK(error_of([] {
          PluginHost({"/nowhere", fixtures}).load("goood", PluginKind::backend);
        }) == "plugin 'goood': expected libdbha_goood.so in '/nowhere' or '" + fixtures.string() +
                  "', found none; did you mean 'good'?");
  CHECK(error_of([] { PluginHost({"/nowhere"}).load("redis", PluginKind::backend); }) ==
        "plugin 'redis': expected libdbha_redis.so in '/nowhere', found none");
  CHECK(error_of([] { PluginHost({}).load("redis", PluginKind::backend); }) ==
        "plugin 'redis': expected libdbha_redis.so in a folder of plugin_path, which is empty, found none");
  CHECK(refused("./nowhere.so") == "./nowhere.so: expected a plugin, found no such file; correct the path");
}

TEST_CASE("a plugin of another ABI version is refused") {
  CHECK(refused("other_abi") == fixture("other_abi") +
                                    ": expected plugin ABI version 4, found 99; build the plugin against this version "
                                    "of dbha");
}

TEST_CASE("a plugin of another kind than its section is refused, however often it is asked for") {
  PluginHost host({fixtures});
  for (int i = 0; i < 2; ++i) {
    CHECK(error_of([&] { host.load("handler", PluginKind::backend); }) ==
          fixture("handler") +
              ": expected a plugin of kind backend, found consistency; name it in the section for its "
              "kind");
  }
}

TEST_CASE("a plugin in a file of another name is refused") {
  const test::TempFolder folder;
  fs::copy_file(fixture("good"), folder.path() / "libdbha_redis.so");
  CHECK(error_of([&] { PluginHost({folder.path()}).load("redis", PluginKind::backend); }) ==
        (folder.path() / "libdbha_redis.so").string() +
            ": expected a plugin named 'redis', found 'good'; give the file the name that the plugin declares");
}

TEST_CASE("a shared object that is no plugin is refused, and none of its code runs") {
  CHECK(refused("no_plugin") == fixture("no_plugin") +
                                    ": expected a dbha plugin, found a shared object without DBHA_PLUGIN; install a "
                                    "plugin built for dbha");
  CHECK(std::getenv("DBHA_FIXTURE_RAN") == nullptr);
}

TEST_CASE("a plugin whose own libraries are missing is refused with what the linker says") {
  CHECK(refused("unresolved") == fixture("unresolved") +
                                     ": expected a plugin that can be loaded, found: " + fixture("unresolved") +
                                     ": undefined symbol: dbha_fixture_missing_function; install the libraries that it "
                                     "needs");
}

TEST_CASE("a file that is no shared object is refused") {
  const test::TempFolder folder;
  const fs::path file = folder.path() / "libdbha_text.so";
  const auto load = [&] { PluginHost({folder.path()}).load("text", PluginKind::backend); };
  for (const char* content : {"", "x", "this is a text, not a library, and longer than any header of one would be\n"}) {
    std::ofstream(file) << content;
    CHECK(error_of(load) == file.string() + damaged);
  }
  fs::remove(file);
  fs::create_directory(file);
  CHECK(error_of(load) == file.string() + ": expected a shared object, found no regular file");
}

TEST_CASE("a plugin cut off anywhere is refused, and the process lives") {
  for (const std::string& whole : {fixture("good"), (fixtures / "stripped.so").string()}) {
    const test::TempFolder folder;
    const fs::path file = folder.path() / "libdbha_good.so";
    fs::copy_file(whole, file);
    const std::uintmax_t size = fs::file_size(file);
    std::size_t refusals = 0;
    std::size_t tries = 0;
    // From one byte missing down to nothing; every length near both ends, where the headers are.
    for (std::uintmax_t length = size; length-- > 0;) {
      if (length > 512 && length < size - 512 && length % 61 != 0) continue;
      fs::resize_file(file, length);
      ++tries;
      const std::string error = error_of([&] { PluginHost({folder.path()}).load("good", PluginKind::backend); });
      if (error == file.string() + damaged) ++refusals;
    }
    INFO(whole << ", " << size << " bytes");
    CHECK(tries > 1024);
    CHECK(refusals == tries);
  }
}

TEST_CASE("what a factory throws arrives as text with the plugin's name") {
  const std::string failed = fixture("throwing") + ": plugin 'throwing' could not be created: ";
  CHECK(creation_error("std") == failed + "no memory for the route table");
  CHECK(creation_error("other") ==
        failed + "it threw something that is no std::exception; report it to the plugin's author");
  CHECK(creation_error("null") == failed + "its factory returned nothing; report it to the plugin's author");
}

TEST_CASE("a factory that refuses an option says so as the configuration's error") {
  CHECK_THROWS_WITH(creation_error("config"), "nb.toml:1:1: backend.depth: expected 4");
  CHECK_THROWS_AS(creation_error("config"), ConfigError);
}
