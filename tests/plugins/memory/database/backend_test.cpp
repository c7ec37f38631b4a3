#include <dbha/error.hpp>
#include <dbha/plugin.hpp>

#include "bench.hpp"

extern "C" const dbha::PluginInfo dbha_plugin;

using namespace dbha;
using namespace dbha::test;

namespace {

struct GivenOptions final : Options {
  std::string database = "one";
  std::int64_t partitions = 300;

  std::string text(std::string_view) const override { return database; }
  std::int64_t integer(std::string_view name) const override {
    return name == "partitions" ? partitions : name == "shards" ? 3 : 1;
  }
  bool flag(std::string_view) const override { throw PluginError("no such flag"); }
  Duration duration(std::string_view) const override { return 1s; }
  std::uint64_t size(std::string_view) const override { throw PluginError("no such size"); }
  std::vector<std::string> text_list(std::string_view) const override { throw PluginError("no such list"); }
  std::string where(std::string_view name) const override { return "nb.toml:7:1: " + std::string(name); }
};

struct Silent final : TopologySourceListener {
  void on_view(View) override { ++views; }
  void on_role(RoleAnswer) override {}
  void on_epoch(EpochAnswer) override {}
  void on_alive(Endpoint, NodeId, TimePoint, TimePoint) override {}
  void on_no_answer(Endpoint, Question, TimePoint) override {}
  void on_unusable(Endpoint, std::string) override {}
  void on_hint(Hint) override {}
  int views = 0;
};

}  // namespace

TEST_CASE("backends that name one database share it, and it counts who asks for its topology") {
  EpollLoop loop;
  TestLog log;
  GivenOptions options;
  REQUIRE(std::string(dbha_plugin.name) == "memory");
  const std::unique_ptr<Backend> nb(dbha_plugin.create_backend({loop, log, options, "nb", "."}));
  const std::unique_ptr<Backend> sb(dbha_plugin.create_backend({loop, log, options, "sb", "."}));
  CHECK(nb->traits().partitions == 300);
  CHECK(nb->traits().voters == Voters::owners);
  CHECK(nb->seeds().size() == 6);
  CHECK(nb->seeds() == sb->seeds());
  CHECK(nb->cost(Question::view, 6).commands == 1);
  CHECK(nb->partition_of("123456789") == Partition{12739 % 300});

  Silent listener;
  const auto source = nb->open_source(listener, 1s);
  source->set_endpoints(nb->seeds());
  source->ask(nb->seeds()[0], Question::view);
  source->ask(nb->seeds()[1], Question::view);
  Hearing hearing;
  const auto database = sb->open_database(hearing, Bench(Bench::Bare{}).settings);
  std::string asked;
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (listener.views < 2 && std::chrono::steady_clock::now() < end) loop.turn(5ms);
  database->submit({"", {"MEMORY", "ASKED"}, false, {}}, [&](const Result& result) { asked = result.value.text; });
  while (asked.empty() && std::chrono::steady_clock::now() < end) loop.turn(5ms);
  CHECK(asked == R"({"nb":2})");
  database->close();
}

TEST_CASE("a database ends with the last backend that has it, and the next one of that name is new") {
  EpollLoop loop;
  TestLog log;
  GivenOptions options;
  options.database = "two";
  std::unique_ptr<Backend> first(dbha_plugin.create_backend({loop, log, options, "a", "."}));
  first.reset();
  options.partitions = 16;
  const std::unique_ptr<Backend> second(dbha_plugin.create_backend({loop, log, options, "a", "."}));
  CHECK(second->traits().partitions == 16);
}

TEST_CASE("a database that stands with other settings is refused with the place in the file") {
  EpollLoop loop;
  TestLog log;
  GivenOptions options;
  options.database = "three";
  const std::unique_ptr<Backend> first(dbha_plugin.create_backend({loop, log, options, "a", "."}));
  options.partitions = 16;
  CHECK_THROWS_WITH(dbha_plugin.create_backend({loop, log, options, "b", "."}),
                    "nb.toml:7:1: database: database 'three' stands already with other settings: give it the same "
                    "ones, or another name");
  options.database = "four";
  options.partitions = 2;
  CHECK_THROWS_AS(dbha_plugin.create_backend({loop, log, options, "b", "."}), ConfigError);
}
