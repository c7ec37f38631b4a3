#include "topology/diff.hpp"

#include "support/catch.hpp"
#include "support/sample_topology.hpp"
#include "topology/ranges.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

std::string changes(const Topology& before, const Topology& after) {
  return text_of(diff(before, after));
}

}  // namespace

TEST_CASE("equal topologies do not differ") {
  REQUIRE(diff(three_shards(), three_shards()).empty());
}

TEST_CASE("an owner that changed with a new mark is a failover, and the old owner's new role a change of membership") {
  const auto found = diff(three_shards(), after_failover(three_shards()));
  REQUIRE(found.changes.size() == 3);
  REQUIRE(found.changes[0] == Change{ChangeKind::failover, set_of({range(0, 99)}), {"p1"}, {"r1"}});
  REQUIRE(text_of(found) == "failover 0-99 p1->r1; membership p1; membership r1");
}

TEST_CASE("an owner that changed without a new mark is a reshard, partition by partition") {
  Topology after = three_shards();
  after.claims.set(range(0, 19), claim("p2", 2));
  REQUIRE(changes(three_shards(), after) == "reshard 0-19 p1->p2");
  after.marks.set(range(10, 19), mark(2, 0, "p2", "stream-p2"));
  REQUIRE(changes(three_shards(), after) == "failover 10-19 p1->p2; reshard 0-9 p1->p2");
}

TEST_CASE("a new life of an owner is a restart of its partitions, of a replica a change of membership") {
  Topology after = three_shards();
  after.nodes[1].run_id = {"second"};
  REQUIRE(changes(three_shards(), after) == "restart 100-199 p2");
  after = three_shards();
  after.nodes[4].run_id = {"second"};
  REQUIRE(changes(three_shards(), after) == "membership r2");
}

TEST_CASE("a node added or removed, another address, a generation and uncovered partitions are told apart") {
  Topology after = three_shards();
  after.nodes.pop_back();
  REQUIRE(changes(three_shards(), after) == "membership r3->nobody");
  REQUIRE(changes(after, three_shards()) == "membership nobody->r3");
  after = three_shards();
  after.nodes[0].endpoint.port = 7001;
  REQUIRE(changes(three_shards(), after) == "address p1");
  REQUIRE(changes(three_shards(1), three_shards(2)) == "generation");
  after = three_shards();
  after.claims.set(range(0, 4), claim("", 1, 1));
  REQUIRE(changes(three_shards(), after) == "uncovered 0-4 p1->nobody");
  REQUIRE(changes(after, three_shards()) == "membership 0-4 nobody->p1");
}

TEST_CASE("sets of partitions read as an operator writes them") {
  REQUIRE(text_of(set_of({range(0, 5460), range(5462, 5462)})) == "0-5460,5462");
  REQUIRE(text_of(PartitionSet{}) == "none");
}
