// Events as text, for programs in other languages.
#include <nlohmann/json.hpp>

#include <dbha/event_json.hpp>

#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;

TEST_CASE("a dbrestart as JSON has every field, in the order in which it is documented") {
  DbRestart event;
  event.id = "c-1";
  event.cluster = "nb";
  event.cause = Cause::restart;
  event.partitions = set_of({range(0, 5460), range(9000, 9000)});
  event.old_primary = {"p1"};
  event.new_primary = {"r1"};
  event.epoch = {42};
  event.last_healthy_ms = 17;
  event.loss = Loss::possible;
  event.partial = true;
  CHECK(json_of(Event(event)) ==
        R"({"event": "dbrestart", "id": "c-1", "cluster": "nb", "cause": "restart", )"
        R"("partitions": [[0, 5460], [9000, 9000]], "old_primary": "p1", "new_primary": "r1", "epoch": 42, )"
        R"("last_healthy": 17, "loss": "possible", "partial": true})");
}

TEST_CASE("the other events as JSON") {
  CHECK(json_of(Event(TopologyChanged{"nb", {1, {42}, 0x7f3ac10000000000}, {}, false})) ==
        R"({"event": "topology_changed", "cluster": "nb", "version": "g1.e42.7f3ac1", )"
        R"("changes": "replication details", "partial": false})");
  CHECK(json_of(Event(ViewStale{"nb", std::chrono::milliseconds(3100)})) ==
        R"({"event": "view_stale", "cluster": "nb", "age_ms": 3100})");
  CHECK(json_of(Event(ViewFresh{"nb"})) == R"({"event": "view_fresh", "cluster": "nb"})");
  CHECK(json_of(Event(SubscriptionInterrupted{"nb", {"p1"}, {"a", "b"}, 1, 2})) ==
        R"({"event": "subscription_interrupted", "cluster": "nb", "node": "p1", "channels": ["a", "b"], )"
        R"("from_ms": 1, "to_ms": 2})");
  CHECK(json_of(Event(LossKnown{"c-1", "nb", {}, Loss::none, -1, 7})) ==
        R"({"event": "loss_known", "id": "c-1", "cluster": "nb", "partitions": [], "loss": "none", )"
        R"("old_offset": -1, "new_offset": 7})");
}

TEST_CASE("whatever bytes a text holds, it is valid JSON, and what is UTF-8 stays as it is") {
  const auto parsed = [](const std::string& text) { return json::parse(json_of(text)).get<std::string>(); };
  const std::string plain = "a \"b\" \\ c\n\t\x01\x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80";
  CHECK(parsed(plain) == plain);
  CHECK(parsed(std::string("\0x", 2)) == std::string("\0x", 2));
  for (const char* bad :
       {"\xff", "\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8", "\xc3", "\xe2\x82"})
    CHECK_THAT(parsed(std::string("x") + bad), Catch::Matchers::StartsWith("x\xef\xbf\xbd"));
  CHECK(parsed("\xe2\x82y") == "\xef\xbf\xbd\xef\xbf\xbdy");
}
