// Commands that are run for dbrestarts of a real cluster, by a real process.
#include <csignal>
#include <fstream>
#include <sstream>

#include "handler_site.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;

TEST_CASE("a command runs when a primary is killed, with exactly that event on its standard input") {
  HandlerSite s;
  s.start(HandlerSite::exec("writer", "cat >> " + s.file("told")));
  s.wait_for_events("told", 1);
  CHECK(s.events_in("told")[0].at("cause") == "start");
  s.process->wait_for_problem("");
  const auto old_primary = s.cluster.node(0).id;
  const auto new_primary = s.cluster.node(3).id;
  s.cluster.kill(0);
  s.wait_for_events("told", 2);
  const json told = s.events_in("told")[1];
  const json mark = s.process->topology().at("marks").at(0);
  CHECK(mark.at("partitions") == json{0, 5460});
  CHECK(told == json{{"event", "dbrestart"},
                     {"id", told.at("id")},
                     {"cluster", "site"},
                     {"cause", "failover"},
                     {"partitions", {{0, 5460}}},
                     {"old_primary", old_primary},
                     {"new_primary", new_primary},
                     {"epoch", mark.at("epoch")},
                     {"last_healthy", mark.at("last_healthy")},
                     {"loss", "unknown"},
                     {"partial", false}});
  CHECK(told.at("id").get<std::string>().starts_with("nb-"));
  CHECK(told.at("last_healthy") > 1'700'000'000'000);
  s.wait_for("it to be struck off", [&] { return s.handler("writer").at("pending") == 0; });
  CHECK(s.events_in("told").size() == 2);
  CHECK(s.process->log().find("command_done command=sh event=dbrestart status=0") != std::string::npos);
}

TEST_CASE("a command that fails is run again with the same event until it is done, and the status says why") {
  HandlerSite s;
  s.start(HandlerSite::exec(
      "writer", "cat >> " + s.file("told") + "; test -e " + s.file("ready") + " || { echo not ready >&2; exit 3; }",
      "retry_first = \"50ms\"\nretry_longest = \"100ms\"\n"));
  s.wait_for_events("told", 3);
  s.process->wait_for_problem("handler writer has failed ");
  const auto status = run_dbha(s.site, {"status", "-c", s.site.config_of("nb")});
  INFO(status.output);
  CHECK(status.exit_code == 1);
  CHECK(status.says(" with dbrestart nb-"));
  CHECK(status.says("sh: exit status 3: not ready"));
  std::ofstream(s.file("ready")) << "";
  s.process->wait_for_problem("");
  const auto told = s.events_in("told");
  for (const auto& event : told) CHECK(event == told.front());
  CHECK(
      s.process->log().find("handler_failed handler=writer event=dbrestart reason=\"sh: exit status 3: not ready\"") !=
      std::string::npos);
}

TEST_CASE("a command that hangs is reported, ended by its timeout and run again, and delays no other handler") {
  HandlerSite s;
  s.start(HandlerSite::exec("stuck", "echo $$ >> " + s.file("pids") + "; exec sleep 1000",
                            "timeout = \"4s\"\nretry_first = \"50ms\"\n") +
              HandlerSite::exec("free", "cat >> " + s.file("told")),
          "handler_slow = \"500ms\"\n");
  s.wait_for_events("told", 1);
  s.process->wait_for_problem("handler stuck is in dbrestart nb-");
  s.cluster.failover(3);
  s.wait_for_events("told", 2);
  // It is still in its first event, or has been run again with it: the other one has not waited for it.
  const auto stuck = s.handler("stuck");
  CHECK(stuck.at("pending") == 2);
  CHECK(stuck.at("event").get<std::string>().starts_with("dbrestart nb-"));
  CHECK(s.handler("free").at("failures") == 0);
  s.wait_for("its end and its next run", [&] {
    const auto pids = contents(s.site.path("pids"));
    return std::count(pids.begin(), pids.end(), '\n') >= 2;
  });
  const auto log = s.process->log();
  CHECK(log.find("handler_slow handler=stuck event=\"dbrestart nb-") != std::string::npos);
  CHECK(log.find("handler_failed handler=stuck event=dbrestart reason=\"sh: took longer than 4s, and was ended\"") !=
        std::string::npos);
  CHECK(log.find("handler_slow handler=free") == std::string::npos);
  std::istringstream pids(contents(s.site.path("pids")));
  pid_t first = 0;
  pids >> first;
  REQUIRE(first > 0);
  CHECK(kill(first, 0) != 0);
}

TEST_CASE("a process ends soon though its command hangs, and delivers the event again after its next start") {
  HandlerSite s;
  s.start(HandlerSite::exec("stuck", "cat >> " + s.file("told") + "; exec sleep 1000"));
  s.wait_for_events("told", 1);
  s.process->must_end_when_asked();
  s.start_again();
  s.wait_for_events("told", 2);
  CHECK(s.events_in("told")[1] == s.events_in("told")[0]);
}

TEST_CASE("a command that cannot be run is refused with its place in the file, by dbha check too") {
  HandlerSite s;
  ProcessFile file = northbound_file();
  file.controller_lines = "[[consistency]]\nplugin = \"exec\"\ncommand = [\"/no/such/program\"]\n";
  s.site.write(file);
  for (const char* command : {"check", "run"}) {
    const auto run = run_dbha(s.site, {command, "-c", s.site.config_of("nb")});
    INFO(run.output);
    CHECK(run.exit_code == 2);
    CHECK(run.says("nb.toml:"));
    CHECK(run.says(": consistency.command: expected a list that begins with a program which this user may run"));
    CHECK(run.says("found text \"/no/such/program\""));
  }
}
