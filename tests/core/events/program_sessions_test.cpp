// What programs say at the event socket, and what follows.
#include "events/program_sessions.hpp"

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;
using Sessions = ProgramSessions;

namespace {

DbRestart restart(const std::string& id) {
  DbRestart out;
  out.id = id;
  out.cluster = "nb";
  out.partitions = set_of({range(0, 99)});
  return out;
}

/// Short words for what is to be done: "send PEER TEXT", "join PEER NAME a,b", "leave NAME", "forget NAME", "done
/// NAME", "failed NAME: REASON".
struct Words {
  std::string operator()(const Sessions::Send& a) const { return "send " + a.peer + ' ' + a.text; }
  std::string operator()(const Sessions::Join& a) const {
    std::string events;
    for (const auto& event : a.events) events += (events.empty() ? "" : ",") + event;
    return "join " + a.peer + ' ' + a.name + ' ' + events;
  }
  std::string operator()(const Sessions::Leave& a) const { return "leave " + a.name; }
  std::string operator()(const Sessions::Forget& a) const { return "forget " + a.name; }
  std::string operator()(const Sessions::Finish& a) const {
    return a.failure ? "failed " + a.name + ": " + *a.failure : "done " + a.name;
  }
};

using Lines = std::vector<std::string>;

Lines words(const Sessions::Actions& actions) {
  Lines out;
  for (const auto& action : actions) out.push_back(std::visit(Words{}, action));
  return out;
}

/// A program that has subscribed.
Sessions with(const std::string& peer, const std::string& name, Sessions sessions = {}) {
  sessions.accept({peer, name, {"dbrestart"}});
  return sessions;
}

std::string error_of(Sessions& sessions, const std::string& text, const std::string& peer = "1") {
  const auto actions = sessions.on_message(peer, text);
  REQUIRE(actions.size() == 1);
  const auto& send = std::get<Sessions::Send>(actions[0]);
  CHECK(send.peer == peer);
  return json::parse(send.text).at("error").get<std::string>();
}

}  // namespace

TEST_CASE("a program subscribes by name, gets a dbrestart as JSON, and says that it is done") {
  Sessions s;
  CHECK(words(s.on_message("1", R"({"subscribe": ["dbrestart", "view_stale"], "name": "p"})")) ==
        Lines{"join 1 p dbrestart,view_stale"});
  CHECK(words(s.accept({"1", "p", {"dbrestart"}})) == Lines{R"(send 1 {"subscribed": ["dbrestart"], "name": "p"})"});
  const auto sent = s.deliver("p", restart("c-1"));
  REQUIRE(sent.size() == 1);
  CHECK(json::parse(std::get<Sessions::Send>(sent[0]).text).at("id") == "c-1");
  CHECK(words(s.on_message("1", R"({"done": "c-1"})")) == Lines{"done p"});
}

TEST_CASE("a program says that it failed, and why") {
  auto s = with("1", "p");
  s.deliver("p", restart("c-1"));
  CHECK(words(s.on_message("1", R"({"failed": "c-1", "reason": "no host"})")) ==
        Lines{"failed p: the program says that it failed: no host"});
  s.deliver("p", restart("c-1"));
  CHECK(words(s.on_message("1", R"({"failed": "c-1"})")) == Lines{"failed p: the program says that it failed"});
}

TEST_CASE("an answer to an event that is not with the program changes nothing") {
  auto s = with("1", "p");
  CHECK(error_of(s, R"({"done": "c-1"})") == "c-1 is not the event that is with you");
  s.deliver("p", restart("c-2"));
  CHECK(error_of(s, R"({"done": "c-1"})") == "c-1 is not the event that is with you");
  CHECK(error_of(s, R"({"done": 7})") == " is not the event that is with you");
  CHECK(words(s.on_message("1", R"({"done": "c-2"})")) == Lines{"done p"});
  CHECK(error_of(s, R"({"done": "c-2"})") == "c-2 is not the event that is with you");
  auto other = with("2", "q", with("1", "p"));
  other.deliver("p", restart("c-1"));
  CHECK(error_of(other, R"({"done": "c-1"})", "2") == "c-1 is not the event that is with you");
}

TEST_CASE("an event that describes the moment needs no answer") {
  auto s = with("1", "p");
  CHECK(words(s.deliver("p", ViewFresh{"nb"})) ==
        Lines{R"(send 1 {"event": "view_fresh", "cluster": "nb"})", "done p"});
}

TEST_CASE("a program that is gone in the middle of an event has failed it, and is away") {
  auto s = with("1", "p");
  s.deliver("p", restart("c-1"));
  CHECK(words(s.on_gone("1")) == Lines{"leave p", "failed p: the program is gone"});
  CHECK(words(s.on_gone("1")).empty());
  CHECK(words(s.deliver("p", restart("c-1"))) == Lines{"failed p: the program is away"});
  CHECK(s.signs_of_life().empty());
}

TEST_CASE("a program that comes back by another connection before its old one is known to be gone gets its name") {
  auto s = with("1", "p");
  s.deliver("p", restart("c-1"));
  const auto lines = words(s.accept({"2", "p", {"dbrestart"}}));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "leave p");
  CHECK(lines[1] == "failed p: the program has come back by another connection");
  CHECK(lines[2] == R"(send 1 {"error": "another connection has subscribed as p"})");
  CHECK(lines[3] == R"(send 2 {"subscribed": ["dbrestart"], "name": "p"})");
  CHECK(words(s.on_gone("1")).empty());  // the old one's end means nothing any more
  CHECK(words(s.deliver("p", ViewFresh{"nb"})).front().starts_with("send 2 "));
}

TEST_CASE("a connection that subscribes again, under the same name or another one, has only the last one") {
  auto s = with("1", "p");
  s.deliver("p", restart("c-1"));
  CHECK(words(s.accept({"1", "p", {"dbrestart"}})).at(1) == "failed p: the program has subscribed again");
  CHECK(words(s.accept({"1", "q", {"dbrestart"}})).at(0) == "leave p");
  CHECK(words(s.deliver("p", restart("c-1"))) == Lines{"failed p: the program is away"});
  CHECK(s.signs_of_life().size() == 1);
}

TEST_CASE("a program that unsubscribes is forgotten") {
  auto s = with("1", "p");
  CHECK(words(s.on_message("1", R"({"unsubscribe": true})")) ==
        Lines{"leave p", "forget p", R"(send 1 {"unsubscribed": "p"})"});
  CHECK(error_of(s, R"({"done": "c-1"})") == R"(subscribe first: {"subscribe": ["dbrestart"], "name": "my-program"})");
}

TEST_CASE("a program that does not read has failed its event, and is not away") {
  auto s = with("1", "p");
  CHECK(words(s.on_unread("1")).empty());
  s.deliver("p", restart("c-1"));
  CHECK(words(s.on_unread("1")) == Lines{"failed p: the program does not read its events"});
  CHECK(s.signs_of_life().size() == 1);
}

TEST_CASE("whatever else a program says is answered by what was expected, and concerns nobody") {
  auto s = with("1", "p");
  s.deliver("p", restart("c-1"));
  for (const char* text : {"", "x", "[]", "7", "null", "{", "\xff\xfe", "{}", R"({"event": "dbrestart"})"})
    CHECK(error_of(s, text).starts_with("expected a JSON object: "));
  for (const char* name : {"7", "\"\"", "\"a b\"", "\"../x\"", "null", "[\"p\"]"})
    CHECK(error_of(s, std::string(R"({"subscribe": ["dbrestart"], "name": )") + name + "}")
              .starts_with("name: expected 1 to 64 "));
  CHECK(error_of(s, R"({"subscribe": ["dbrestart"]})").starts_with("name: expected"));
  for (const char* events : {"7", "[]", "[7]", "{}", "\"dbrestart\""})
    CHECK(error_of(s, std::string(R"({"name": "p", "subscribe": )") + events + "}").starts_with("subscribe: expected"));
  CHECK(error_of(s, std::string(60'000, '[')).starts_with("expected a JSON object: "));
  CHECK(error_of(s, "{\"done\": \"" + std::string(50'000, 'x') + "\"}").size() < 600);
  CHECK(words(s.refuse({"1", "p", {"no"}}, "no such event")) == Lines{R"(send 1 {"error": "no such event"})"});
  CHECK(words(s.on_message("1", R"({"done": "c-1"})")) == Lines{"done p"});
}
