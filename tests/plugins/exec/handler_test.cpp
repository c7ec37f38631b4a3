// The plugin as the host uses it: an event in, a command run.
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include <dbha/error.hpp>
#include <dbha/plugin.hpp>

#include "support/catch.hpp"
#include "support/given_options.hpp"
#include "support/temp_folder.hpp"
#include "support/test_log.hpp"
#include "support/virtual_loop.hpp"

using namespace dbha;
using nlohmann::json;

extern "C" const PluginInfo dbha_plugin;

namespace {

/// A command has no use for the database.
struct NoDatabase final : ConsistencyHost {
  VersionedStore* versioned_store() override { return nullptr; }
  std::shared_ptr<const Topology> topology() const override { return nullptr; }
  Duration resync_window() const override { return {}; }
  void publish(std::string, std::string, Completion) override {}
  void subscribe(std::string, Database::MessageHandler) override {}
  void unsubscribe(std::string) override {}
};

/// The handler of that command.
struct Made {
  test::VirtualLoop loop;
  test::TestLog log;
  test::GivenOptions options;
  NoDatabase host;
  std::unique_ptr<ConsistencyHandler> handler;

  explicit Made(const std::string& script) {
    options.lists["command"] = {"sh", "-c", script};
    handler.reset(dbha_plugin.create_consistency(
        ConsistencyContext{PluginContext{loop, log, options, "nb-1", ""}, host, "exec"}));
  }
};

}  // namespace

TEST_CASE("the command finds the event on its standard input, one JSON object on one line") {
  const test::TempFolder folder;
  const auto copy = folder.path() / "copy";
  Made made("cat > " + copy.string());
  DbRestart event;
  event.id = "nb-1-7";
  event.cluster = "nb";
  event.partitions.set({{0}, {5460}}, {});
  event.new_primary = {"r1"};
  event.epoch = {42};
  CHECK(made.handler->handle(event));
  std::ifstream in(copy);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(json::parse(text) == json{{"event", "dbrestart"},
                                  {"id", "nb-1-7"},
                                  {"cluster", "nb"},
                                  {"cause", "failover"},
                                  {"partitions", {{0, 5460}}},
                                  {"old_primary", ""},
                                  {"new_primary", "r1"},
                                  {"epoch", 42},
                                  {"last_healthy", 0},
                                  {"loss", "unknown"},
                                  {"partial", false}});
  CHECK(made.log.contains("command_done command=sh event=dbrestart status=0"));
}

TEST_CASE("a command that fails is an error with its exit status and what it said") {
  Made made("echo no such host >&2; exit 7");
  CHECK_THROWS_WITH(made.handler->handle(ViewFresh{"nb"}), "sh: exit status 7: no such host");
}

TEST_CASE("a command that hangs is ended by the timeout") {
  Made made("sleep 1000");  // GivenOptions: 1 s each
  CHECK_THROWS_WITH(made.handler->handle(ViewFresh{"nb"}), "sh: took longer than 1s, and was ended");
}
