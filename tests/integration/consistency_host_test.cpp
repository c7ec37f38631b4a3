// What a consistency handler is given by its host, on a real cluster: tests/fixtures/plugins/echo.cpp uses all of it.

#include "fleet.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("a handler plugin hears and speaks on channels, writes entries and knows who owns what") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(northbound_file());
  DbhaProcess northbound(site, "nb");
  northbound.wait_for_problem("");
  ProcessFile file = southbound_file("app");
  file.controller_lines = "\n[[consistency]]\nplugin = \"" DBHA_FIXTURES "/libdbha_echo.so\"\nname = \"parrot\"\n";
  const auto controller = Controller::open(site.write(file));
  REQUIRE(controller->wait_ready(patience));

  const EntryName name{"echo", "app", "parrot"};
  const auto* owner = controller->topology()->owner(controller->versioned_store()->partition_of(name));
  REQUIRE(owner);
  std::promise<std::string> heard;
  bool first = true;  // on the loop thread
  const auto subscription = controller->listen("said.parrot", [&](const std::string&, const std::string& message) {
    if (std::exchange(first, false)) heard.set_value(message);
  });
  auto answer = heard.get_future();
  // The channels are subscribed in the background: it is said until it is heard.
  for (int i = 0; i < 200; ++i) {
    controller->publish("say.parrot", "hello").get();
    if (answer.wait_for(std::chrono::milliseconds(100)) == std::future_status::ready) break;
  }
  REQUIRE(answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  CHECK(answer.get() == "HELLO kept by " + owner->id.value);
  CHECK(cluster.client(cluster.primary_of(static_cast<int>(controller->versioned_store()->partition_of(name).value)))
            .demand({"HGET", "{echo.app}parrot", "d"})
            .text == "HELLO");
}
