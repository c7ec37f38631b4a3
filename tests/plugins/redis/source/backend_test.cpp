#include <dbha/plugin.hpp>

#include "recorder.hpp"
#include "redis/seeds.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"

extern "C" const dbha::PluginInfo dbha_plugin;

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

std::vector<Endpoint> seeds(std::vector<std::string> texts) {
  GivenOptions options;
  options.lists["seeds"] = std::move(texts);
  return redis::read_seeds(options);
}

std::string refusal(std::vector<std::string> texts) {
  return why_refused([&] { seeds(std::move(texts)); });
}

}  // namespace

TEST_CASE("seeds are names, addresses and bracketed IPv6, each once") {
  CHECK(seeds({"10.0.0.1:7000", "db-1.example:7001", "[2001:db8::1]:7002", "10.0.0.1:7000"}) ==
        std::vector<Endpoint>{{"10.0.0.1", 7000}, {"db-1.example", 7001}, {"2001:db8::1", 7002}});
}

TEST_CASE("a seed that is none is refused with its place in the file") {
  for (const auto* bad : {"10.0.0.1", "10.0.0.1:", ":7000", "10.0.0.1:0", "10.0.0.1:65536", "::1:7000", "[::1:7000",
                          "[10.0.0.1]:7000", "a b:7000", "redis://h:7000", ""}) {
    CHECK(refusal({"h:1", bad}) ==
          R"(nb.toml:7:1: seeds: expected "host:port" or "[ipv6]:port", found ')" + std::string(bad) + "'");
  }
  CHECK(refusal({}) == "nb.toml:7:1: seeds: expected at least one node of the cluster, found an empty list");
}

TEST_CASE("the plugin's backend knows Redis Cluster's traits, slots and costs") {
  EpollLoop loop;
  TestLog log;
  GivenOptions options;
  options.lists["seeds"] = {"127.0.0.1:7000"};
  REQUIRE(std::string(dbha_plugin.name) == "redis");
  const std::unique_ptr<Backend> backend(dbha_plugin.create_backend({loop, log, options, "test", "."}));
  CHECK(backend->traits().partitions == 16384);
  CHECK(backend->traits().voters == Voters::owners);
  CHECK(backend->seeds() == std::vector<Endpoint>{{"127.0.0.1", 7000}});
  CHECK(backend->partition_of("123456789") == Partition{12739});  // the specification's check value, 0x31C3
  CHECK(backend->partition_of("{user1000}.following") == backend->partition_of("user1000"));
  CHECK(backend->cost(Question::view, 6).commands == 4);
  CHECK(backend->cost(Question::view, 600).bytes > 600 * 120);
  CHECK(backend->cost(Question::role, 600).commands == 1);
}

TEST_CASE("a bad option of the plugin is a ConfigError, thrown by its factory") {
  EpollLoop loop;
  TestLog log;
  GivenOptions options;
  options.lists["seeds"] = {"nonsense"};
  CHECK_THROWS_AS(dbha_plugin.create_backend({loop, log, options, "test", "."}), ConfigError);
}

TEST_CASE("a TLS file that cannot be used stops the plugin at its start") {
  EpollLoop loop;
  TestLog log;
  GivenOptions options({{"tls_ca_file", "/no/such/ca.crt"}}, {{"tls", true}});
  options.lists["seeds"] = {"127.0.0.1:7000"};
  CHECK(why_refused([&] {
          dbha_plugin.create_backend({loop, log, options, "test", "."});
        }) ==
        "nb.toml:7:1: tls_ca_file: expected a readable file, found that '/no/such/ca.crt' cannot be read: No such file "
        "or directory");
}
