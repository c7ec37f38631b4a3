// What a scan reads, and what it reads again: the rounds by themselves.

#include "memory/scan_progress.hpp"
#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::memory;
using namespace dbha::test;

namespace {

const Endpoint a{"memory", 1}, b{"memory", 2};

/// Where `second` goes to b, and the other partitions to a.
Route route(const PartitionSet& second) {
  auto topology = std::make_shared<Topology>();
  topology->generation = 1;
  topology->partitions = 300;
  for (const auto& [id, endpoint] : {std::pair("a", a), std::pair("b", b)}) {
    Node node;
    node.id = {id};
    node.endpoint = endpoint;
    topology->nodes.push_back(node);
  }
  topology->claims.set(range(0, 299), {{1}, 0, {"a"}});
  for (const auto& entry : second) topology->claims.set(entry.range, {{2}, 0, {"b"}});
  Route out;
  out.apply(topology);
  return out;
}

}  // namespace

TEST_CASE("a scan goes through its partitions range by range, and is over when nothing has moved") {
  ScanProgress progress(set_of({range(0, 99), range(200, 299)}));
  CHECK(progress.position().range == range(0, 99));
  progress.read(a, {40}, "k");
  CHECK(progress.position().range == range(40, 99));
  CHECK(progress.position().after == "k");
  progress.read(a, {100}, "");
  CHECK(progress.position().range == range(200, 299));
  CHECK(progress.position().after.empty());
  CHECK_FALSE(progress.round_over());
  progress.read(b, {300}, "");
  CHECK(progress.round_over());
  CHECK_FALSE(progress.begin_round(route(set_of({range(200, 299)}))));
}

TEST_CASE("what goes elsewhere at the end of a round is read again, and nothing else is") {
  ScanProgress progress(set_of({range(0, 299)}));
  progress.read(a, {300}, "");
  REQUIRE(progress.begin_round(route(set_of({range(10, 19), range(50, 50)}))));
  CHECK(progress.position().range == range(10, 19));
  progress.read(b, {20}, "");
  CHECK(progress.position().range == range(50, 50));
  progress.read(b, {51}, "");
  CHECK_FALSE(progress.begin_round(route(set_of({range(10, 19), range(50, 50)}))));
}

TEST_CASE("a partition that two nodes have answered for is read again, unless the first has it") {
  ScanProgress progress(set_of({range(0, 9)}));
  progress.read(a, {5}, "k");
  progress.read(b, {5}, "l");
  progress.read(b, {10}, "");
  REQUIRE(progress.begin_round(route(set_of({range(5, 9)}))));
  CHECK(progress.position().range == range(5, 5));
}

TEST_CASE("a partition without an owner is not held to be read") {
  ScanProgress progress(set_of({range(0, 9)}));
  progress.read(a, {10}, "");
  REQUIRE(progress.begin_round(Route()));
  CHECK(progress.round() == set_of({range(0, 9)}));
}

TEST_CASE("a scan of partitions that change hands in every round is hopeless after twenty") {
  ScanProgress progress(set_of({range(0, 9)}));
  for (unsigned round = 1; round <= ScanProgress::most_rounds; ++round) {
    CHECK_FALSE(progress.hopeless());
    progress.read(a, {10}, "");
    REQUIRE(progress.begin_round(route(set_of({range(0, 9)}))));
  }
  CHECK(progress.hopeless());
}
