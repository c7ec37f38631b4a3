// Programs at the event socket of a real process: the one that bus/PROTOCOL.md shows, and ones that mean no good.
#include <fstream>
#include <random>
#include <sstream>

#include <zmq.hpp>

#include "handler_site.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;

namespace {

std::string events_section(const HandlerSite& s) {
  return "[events]\nendpoint = \"ipc://" + s.file("events") + "\"\n";
}

/// The program of bus/PROTOCOL.md, as it stands there but for its endpoint. For each event it writes a line into the
/// file `told`, and then waits for the file `ready`.
std::string program_of(const HandlerSite& s) {
  const auto protocol = contents(DBHA_PROTOCOL);
  const auto begin = protocol.find("```python\n");
  REQUIRE(begin != std::string::npos);
  auto code = protocol.substr(begin + 10, protocol.find("```", begin + 10) - begin - 10);
  const std::string example = "ipc:///run/dbha/nb.events";
  REQUIRE(code.find(example) != std::string::npos);
  code.replace(code.find(example), example.size(), "ipc://" + s.file("events"));
  return "import json, os\n"
         "def write_again(partitions):\n"
         "    with open('" +
         s.file("told") +
         "', 'a') as f: f.write(json.dumps(partitions) + '\\n')\n"
         "    while not os.path.exists('" +
         s.file("ready") + "'): time.sleep(0.02)\n" + code;
}

lab::ChildProcess start_program(const HandlerSite& s) {
  std::ofstream(s.file("program.py")) << program_of(s);
  return lab::ChildProcess::spawn({"/usr/bin/python3", s.file("program.py")}, s.site.path("program.log"));
}

/// Any program at all.
class Stranger {
 public:
  explicit Stranger(const HandlerSite& s) : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, 10'000);
    socket_.connect("ipc://" + s.file("events"));
  }
  void say(const std::string& text) { socket_.send(zmq::buffer(text), zmq::send_flags::none); }
  /// The next message but for signs of life.
  json hear() {
    for (zmq::message_t message; socket_.recv(message);) {
      const auto heard = json::parse(message.to_string());
      if (!heard.contains("alive")) return heard;
    }
    return "nothing";
  }
  json ask(const std::string& text) {
    say(text);
    return hear();
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

}  // namespace

TEST_CASE("a program that is killed in the middle of an event gets it again when it is back, and what came meanwhile") {
  HandlerSite s;
  s.start(events_section(s));
  s.process->wait_for_problem("");
  auto program = start_program(s);
  s.wait_for_events("told", 1);
  INFO("the program says " << contents(s.site.path("program.log")));
  CHECK(s.events_in("told")[0] == json{{0, 16383}});
  CHECK(s.handler("my-program").at("state") == "running");
  program.kill_now();
  s.wait_for("the program to be known as away", [&] { return s.handler("my-program").at("state") == "away"; });
  s.cluster.failover(3);
  s.wait_for("the next event to wait", [&] { return s.handler("my-program").at("pending") == 2; });
  s.process->wait_for_problem("the program my-program is away, and for it wait 2 events");

  std::ofstream(s.file("ready")) << "";
  program = start_program(s);
  s.wait_for_events("told", 3);
  CHECK(s.events_in("told")[1] == json{{0, 16383}});
  CHECK(s.events_in("told")[2] == json{{0, 5460}});
  s.process->wait_for_problem("");
  CHECK(s.handler("my-program").at("state") == "idle");
  CHECK(s.handler("my-program").at("pending") == 0);
}

TEST_CASE("a program gets what happened while dbha was down or the program away, and hears a new life of dbha") {
  HandlerSite s;
  s.start(events_section(s));
  s.process->wait_for_problem("");
  std::ofstream(s.file("ready")) << "";
  auto program = start_program(s);
  s.wait_for_events("told", 1);
  s.wait_for("it to be done", [&] { return s.handler("my-program").at("pending") == 0; });
  s.process->kill();
  s.cluster.failover(3);
  s.start_again();
  s.wait_for_events("told", 2);  // it has noticed the silence, and subscribed again
  CHECK(s.events_in("told")[1] == json{{0, 5460}});
  s.wait_for("it to be done", [&] { return s.handler("my-program").at("pending") == 0; });

  program.kill_now();
  s.process->kill();
  s.start_again();
  s.cluster.failover(4);
  s.wait_for("the event to wait for who is away", [&] {
    const auto handler = s.handler("my-program");
    return !handler.is_null() && handler.at("state") == "away" && handler.at("pending") == 1;
  });
  program = start_program(s);
  s.wait_for_events("told", 3);
  CHECK(s.events_in("told")[2] == json{{5461, 10921}});
}

TEST_CASE("a program that says that it failed gets the event again, and one that unsubscribes is forgotten") {
  HandlerSite s;
  s.start(events_section(s));
  s.process->wait_for_problem("");
  Stranger program(s);
  CHECK(program.ask(R"({"subscribe": ["dbrestart"], "name": "p"})") ==
        json{{"subscribed", {"dbrestart"}}, {"name", "p"}});
  const auto first = program.hear();
  const auto id = first.at("id").get<std::string>();
  CHECK(first.at("cause") == "start");
  program.say(R"({"failed": ")" + id + R"(", "reason": "no host"})");
  s.process->wait_for_problem("handler p has failed once with dbrestart " + id +
                              ": the program says that it failed: no host");
  CHECK(program.hear() == first);
  program.say(R"({"done": ")" + id + R"("})");
  s.process->wait_for_problem("");
  CHECK(program.ask(R"({"unsubscribe": true})") == json{{"unsubscribed", "p"}});
  CHECK(s.handler("p").is_null());
  s.process->kill();
  s.start_again();
  s.process->wait_for_problem("");
  CHECK(s.handler("p").is_null());
}

TEST_CASE("whatever comes to the event socket, others are served, and what was refused is said") {
  HandlerSite s;
  s.start(events_section(s) + HandlerSite::exec("writer", "cat >> " + s.file("told")));
  s.process->wait_for_problem("");
  Stranger good(s);
  REQUIRE(good.ask(R"({"subscribe": ["view_stale"], "name": "good"})").contains("subscribed"));
  Stranger bad(s);
  CHECK(bad.ask(R"({"subscribe": ["no_such_event"], "name": "p"})")
            .at("error")
            .get<std::string>()
            .starts_with("there is no event 'no_such_event'"));
  for (const char* taken : {"writer", "journal"})
    CHECK(bad.ask(std::string(R"({"subscribe": ["view_fresh"], "name": ")") + taken + "\"}").at("error") ==
          std::string("the name '") + taken + "' is another handler's: take another one");
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    std::string bytes(random() % 200, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    bad.say(bytes);
    if (i % 2 == 0) CHECK(bad.hear().contains("error"));
  }
  Stranger many(s);
  json last;
  for (int i = 0; i < 70; ++i)
    last = many.ask(R"({"subscribe": ["view_fresh"], "name": "p)" + std::to_string(i) + "\"}");
  CHECK(last.at("error") == "64 programs are known already: let one that is no more unsubscribe");
  CHECK(s.process->problem().empty());
  CHECK(s.handler("good").at("state") == "idle");
  CHECK(good.ask("{}").contains("error"));
  s.process->must_end_when_asked();
}
