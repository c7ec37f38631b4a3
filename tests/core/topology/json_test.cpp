#include "topology/json.hpp"

#include <nlohmann/json.hpp>

#include <dbha/error.hpp>

#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;

namespace {

Topology full() {
  Topology out = after_failover(three_shards());
  out.nodes[0].predecessors = {{"one"}, {"two"}};
  out.claims.set(range(290, 299), claim("", 3, 1));
  Mark restart = mark(UINT64_MAX, UINT32_MAX, "p2", "s");
  restart.cause = Cause::restart;
  restart.old_owner = {"p2"};
  restart.last_healthy_ms = 1700000000000;
  out.marks.set(range(100, 150), restart);
  return out;
}

}  // namespace

TEST_CASE("a topology survives the way through JSON text unchanged") {
  const Topology topology = full();
  REQUIRE(topology_from_json(json::parse(to_json(topology).dump())) == topology);
  REQUIRE(topology_from_json(to_json(Topology{})) == Topology{});
  REQUIRE(marks_from_json(json::parse(to_json(topology.marks).dump())) == topology.marks);
}

TEST_CASE("a dbrestart has the documented fields and survives the way through JSON text") {
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
  const json j = json::parse(to_json(Event(event)).dump());
  REQUIRE(j["event"] == "dbrestart");
  REQUIRE(j["partitions"] == json::parse("[[0,5460],[9000,9000]]"));
  REQUIRE(to_json(Event(dbrestart_from_json(j))) == j);
}

TEST_CASE("whatever is taken away from a stored topology or put in its place, reading refuses and says why") {
  const json whole = json::parse(to_json(full()).dump());
  const std::vector<json> garbage = {nullptr, -1, 1.5, "text", 99999999999, json::array({1}), json::object(), true};
  const auto flat = whole.flatten();
  std::size_t refused = 0;
  for (const auto& [pointer, value] : flat.items()) {
    for (const auto& wrong : garbage) {
      json broken = whole;
      broken[json::json_pointer(pointer)] = wrong;
      try {
        topology_from_json(broken);  // a text for a text, a number that fits: nothing is wrong with that
      } catch (const Error& e) {
        ++refused;
        REQUIRE_FALSE(std::string(e.what()).empty());
      }
    }
    json broken = whole;
    auto parent = json::json_pointer(pointer);
    const auto key = parent.back();
    parent.pop_back();
    if (!broken[parent].is_object()) continue;
    broken[parent].erase(key);
    REQUIRE_THROWS_AS(topology_from_json(broken), Error);
  }
  REQUIRE(refused > 5 * flat.size());
}

TEST_CASE("a number that does not fit is refused, not cut") {
  json j = to_json(three_shards());
  SECTION("port") {
    j["nodes"][0]["port"] = 65536 + 7000;
    REQUIRE_THROWS_WITH(topology_from_json(j), "72536 is no number from 0 to 65535");
  }
  SECTION("partition") {
    j["claims"][0]["partitions"] = {0, -1};
    REQUIRE_THROWS_WITH(topology_from_json(j), "-1 is no number from 0 to 4294967295");
  }
  SECTION("range") {
    j["claims"][0]["partitions"] = {5, 4};
    REQUIRE_THROWS_WITH(topology_from_json(j), "partitions [5,4] are no range");
  }
  SECTION("word") {
    j["nodes"][0]["role"] = "boss";
    REQUIRE_THROWS_WITH(topology_from_json(j), "'boss' is not known");
  }
}

TEST_CASE("text that is no JSON is refused") {
  REQUIRE_THROWS_AS(topology_from_json(json::parse("{\"gener", nullptr, false)), Error);
  REQUIRE_THROWS_AS(marks_from_json(json::parse("", nullptr, false)), Error);
  REQUIRE_THROWS_AS(dbrestart_from_json(json(3)), Error);
}
