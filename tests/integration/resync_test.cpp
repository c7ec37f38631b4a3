// `dbha resync`: dbrestart by hand.
#include <fstream>
#include <sstream>

#include "handler_site.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;

TEST_CASE("resync tells one handler or all of them, stored first, and waits if asked to") {
  HandlerSite s;
  s.start(HandlerSite::exec("one", "cat >> " + s.file("one")) + HandlerSite::exec("two", "cat >> " + s.file("two")) +
          HandlerSite::exec("deaf", "cat >> " + s.file("deaf"), "events = [\"view_stale\"]\n"));
  s.wait_for_events("one", 1);
  s.wait_for_events("two", 1);
  const auto resync = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"resync", "-c", s.site.config_of("nb")});
    return run_dbha(s.site, options);
  };
  const auto some = resync({"--partitions", "0-10,5000", "--handler", "one", "--wait"});
  INFO(some.output);
  CHECK(some.exit_code == 0);
  CHECK(some.says("stored for one: nb-"));
  CHECK(some.says(", partitions 0-10,5000\n"));
  const auto told = s.events_in("one");
  REQUIRE(told.size() == 2);
  CHECK(told[1].at("cause") == "manual");
  CHECK(told[1].at("partitions") == json{{0, 10}, {5000, 5000}});
  CHECK(some.says(told[1].at("id").get<std::string>()));
  CHECK(s.events_in("two").size() == 1);

  const auto all = resync({"--wait", "--json"});
  INFO(all.output);
  CHECK(all.exit_code == 0);
  CHECK(json::parse(all.output).at("events").size() == 2);
  REQUIRE(s.events_in("one").size() == 3);
  REQUIRE(s.events_in("two").size() == 2);
  CHECK(s.events_in("two")[1].at("partitions") == json{{0, 16383}});
  CHECK(contents(s.site.path("deaf")).empty());

  const auto unknown = resync({"--handler", "three"});
  CHECK(unknown.exit_code == 1);
  CHECK(unknown.says("no handler 'three' hears dbrestart; there are journal, one, two"));
  const auto beyond = resync({"--partitions", "16384"});
  CHECK(beyond.exit_code == 1);
  CHECK(beyond.says("expected partitions of 0-16383, found 16384"));
  const auto wrong = resync({"--partitions", "ten"});
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.says("--partitions: expected A-B[,C-D...], found ten"));
  CHECK(run_dbha(s.site, {"resync", "--connect", "ipc://" + s.file("nobody")}).exit_code == 3);
}

TEST_CASE("what resync has said to be stored is delivered after a kill -9 of the process") {
  HandlerSite s;
  // Nothing is done before there is the file `ready`.
  s.start(HandlerSite::exec("writer", "test -e " + s.file("ready") + " && cat >> " + s.file("told")));
  s.wait_for("the first run to fail", [&] {
    const auto handler = s.handler("writer");
    return !handler.is_null() && handler.at("failures") > 0;
  });
  const auto run = run_dbha(s.site, {"resync", "-c", s.site.config_of("nb"), "--partitions", "7"});
  INFO(run.output);
  REQUIRE(run.exit_code == 0);
  s.process->kill();
  std::ofstream(s.file("ready")) << "";
  s.start_again();
  s.wait_for_events("told", 2);
  CHECK(s.events_in("told")[0].at("cause") == "start");
  CHECK(s.events_in("told")[1].at("cause") == "manual");
  CHECK(run.says(s.events_in("told")[1].at("id").get<std::string>()));
}

TEST_CASE("resync says so when nobody would hear it") {
  HandlerSite s;
  s.start("");
  s.process->wait_for_problem("");
  const auto run = run_dbha(s.site, {"resync", "-c", s.site.config_of("nb")});
  CHECK(run.exit_code == 1);
  CHECK(run.says("no handler hears dbrestart: there is nobody to tell"));
}
