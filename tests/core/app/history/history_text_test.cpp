#include "history_text.hpp"

#include "history/record.hpp"
#include "support/catch.hpp"
#include "support/sample_topology.hpp"
#include "topology/json.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;
using std::chrono::microseconds;

namespace {

constexpr std::int64_t at_ms = 1'795'406'706'789;

json dated(json entry) {
  entry["role"] = "detector";
  entry["at_ms"] = at_ms;
  return entry;
}

/// p1 was killed; r1 announced itself.
ClaimRecord failover() {
  ClaimRecord out{.partitions = set_of({range(0, 99)}), .before = claim("p1", 1), .claim = claim("r1", 4)};
  out.road = Road::announced;
  out.proof.voters = 3;
  out.proof.owner = Showing{{"r1"}, {4}};
  out.proof.heard = {2, {{{"p2"}, {4}}, {{"p3"}, {4}}}};
  out.steps = {microseconds(1'013'200), "connection_lost", microseconds(2100), microseconds(900)};
  return out;
}

}  // namespace

TEST_CASE("a publication is a line, and below it each change with its road, its witnesses and the steps towards it") {
  json entry = dated({{"what", "published"}, {"version", "g1.e4.abc"}, {"changes", "failover 0-99 p1 -> r1"}});
  entry["evidence"] = to_json(std::vector{failover()});
  PartitionMap<Mark> marks;
  Mark set = mark(4, 0, "r1", "stream");
  set.cause = Cause::failover;
  set.old_owner = {"p1"};
  marks.set(range(0, 99), set);
  entry["marks"] = to_json(marks);
  REQUIRE(
      app::history_text(entry) ==
      "2026-11-23T04:05:06.789Z detector   topology_published version=g1.e4.abc changes=\"failover 0-99 p1 -> r1\"\n"
      "    0-99 p1@1 -> r1@4, announced, heard by 2 (p2@4 p3@4) of 3 voters, suspected 1013.2 ms before by "
      "connection_lost, promoted 2.1 ms before, claimed 0.9 ms before\n"
      "    0-99 marked: failover of p1, loss unknown");
}

TEST_CASE("a refusal says why, and who had heard of it") {
  ClaimRecord refused{.claim = claim("r1", 9)};
  refused.partitions = set_of({range(0, 99)});
  refused.refused = "nobody else names it";
  refused.proof.voters = 3;
  refused.proof.named = {1, {{{"p2"}, {9}}}};
  const json entry = dated(to_json(Record{.event = "claim_withheld", .detail = "0-99 r1@9", .claims = {refused}}));
  REQUIRE(app::history_text(entry) ==
          "2026-11-23T04:05:06.789Z detector   claim_withheld detail=\"0-99 r1@9\"\n"
          "    0-99 r1@9, refused: nobody else names it, named by 1 (p2@9) of 3 voters");
}

TEST_CASE("of very many changes the first ones are told, and how many there are more") {
  std::vector<ClaimRecord> many(60, failover());
  const json evidence = to_json(many);
  REQUIRE(evidence.size() == 21);
  REQUIRE(app::history_text(dated({{"what", "published"}, {"evidence", evidence}})).ends_with("\n    ... and 40 more"));
}

TEST_CASE("a sign is told with its node and its place, and what is not known is left out") {
  Record record{.event = "suspicion", .detail = "shard p1: silent"};
  record.shard = {"p1"};
  record.sign = Sign{"silent", {"p1"}, {"10.0.0.1", 6379}};
  REQUIRE(to_json(record) == json{{"what", "suspicion"},
                                  {"detail", "shard p1: silent"},
                                  {"shard", "p1"},
                                  {"sign", "silent"},
                                  {"node", "p1"},
                                  {"endpoint", "10.0.0.1:6379"}});
  REQUIRE(app::history_text(dated(to_json(record))) ==
          "2026-11-23T04:05:06.789Z detector   suspicion detail=\"shard p1: silent\"");
}
