#include "topology/digest.hpp"

#include <functional>
#include <set>

#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("every field that decides anything changes the digest, each in its own way") {
  using Edit = std::function<void(Topology&)>;
  const auto edit_claim = [](auto edit) {
    return [edit](Topology& t) {
      Claim c = *t.claims.find({0});
      edit(c);
      t.claims.set(range(0, 99), c);
    };
  };
  const auto edit_mark = [](auto edit) {
    return [edit](Topology& t) {
      Mark m = *t.marks.find({0});
      edit(m);
      t.marks.set(range(0, 99), m);
    };
  };
  const std::vector<Edit> edits = {
      [](Topology&) {},
      [](Topology& t) { t.generation = 2; },
      [](Topology& t) { t.partitions = 301; },
      [](Topology& t) { t.nodes.pop_back(); },
      [](Topology& t) { t.nodes[0].id = {"p0"}; },
      [](Topology& t) { t.nodes[0].endpoint.host += "x"; },
      [](Topology& t) { t.nodes[0].endpoint.port = 1; },
      [](Topology& t) { t.nodes[0].role = Role::unknown; },
      [](Topology& t) { t.nodes[3].primary = {"p2"}; },
      [](Topology& t) { t.nodes[0].run_id = {"other"}; },
      [](Topology& t) { t.nodes[0].predecessors = {{"one"}}; },
      [](Topology& t) {
        t.nodes[0].predecessors = {{"one"}, {"two"}};
      },
      [](Topology& t) { t.nodes[0].replid = {"other"}; },
      edit_claim([](Claim& c) { c.epoch = {9}; }),
      edit_claim([](Claim& c) { c.turn = 1; }),
      edit_claim([](Claim& c) { c.owner = {"r1"}; }),
      [](Topology& t) { t.claims.set(range(99, 99), claim("p2", 2)); },
      edit_mark([](Mark& m) { m.epoch = {9}; }),
      edit_mark([](Mark& m) { m.count = 1; }),
      edit_mark([](Mark& m) { m.owner = {"r1"}; }),
      edit_mark([](Mark& m) { m.replid = {"other"}; }),
      [](Topology& t) { t.marks.set(range(99, 99), mark(2, 0, "p2", "stream-p2")); },
  };
  std::set<std::uint64_t> digests;
  for (const auto& edit : edits) {
    Topology topology = three_shards();
    edit(topology);
    digests.insert(version_of(topology).digest);
  }
  REQUIRE(digests.size() == edits.size());
}

TEST_CASE("who saw two changes together and who saw them one by one name the same version") {
  Topology together = three_shards();
  together.marks.set(range(0, 99), mark(7, 0, "r1", "stream"));
  Topology apart = together;
  Mark later = mark(7, 0, "r1", "stream");
  later.cause = Cause::restart;
  later.last_healthy_ms = 5;
  apart.marks.set(range(40, 59), later);
  REQUIRE(apart.marks.entries().size() > together.marks.entries().size());
  REQUIRE(version_of(apart) == version_of(together));
  later.count = 1;
  apart.marks.set(range(40, 59), later);
  REQUIRE_FALSE(version_of(apart) == version_of(together));
}

TEST_CASE("a character that moves from one name to the next changes the digest") {
  Topology a = three_shards();
  Topology b = three_shards();
  a.nodes[0].run_id = {"ab"};
  a.nodes[0].replid = {"c"};
  b.nodes[0].run_id = {"a"};
  b.nodes[0].replid = {"bc"};
  REQUIRE(version_of(a).digest != version_of(b).digest);
}

TEST_CASE("a version reads as generation, greatest epoch and the beginning of the digest") {
  Version version = version_of(after_failover(three_shards(), 42));
  version.digest = 0x7f3ac1ffffffffff;
  REQUIRE(version.text() == "g1.e42.7f3ac1");
  REQUIRE_FALSE(Version{}.known());
}
