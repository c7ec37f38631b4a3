#include "topology/join.hpp"

#include <random>
#include <tuple>

#include "support/catch.hpp"
#include "support/sample_topology.hpp"
#include "topology/marks.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

Heard heard(std::string detector, Topology topology, bool live = true) {
  return {std::move(detector), shared(std::move(topology)), live, false, {}};
}

Topology random_topology(std::mt19937& random) {
  Topology out = three_shards(1 + random() % 2);
  for (int i = 0; i < 5; ++i) {
    const auto a = static_cast<std::uint32_t>(random() % 300);
    const auto b = static_cast<std::uint32_t>(random() % 300);
    const std::string owner = (random() % 2 ? "p" : "r") + std::to_string(1 + random() % 3);
    const auto piece = range(std::min(a, b), std::max(a, b));
    const std::uint64_t epoch = 1 + random() % 6;
    out.claims.set(piece, claim(random() % 8 ? owner : "", epoch, static_cast<std::uint32_t>(random() % 3)));
    out.marks.set(piece,
                  mark(epoch, static_cast<std::uint32_t>(random() % 3), owner, "s" + std::to_string(random() % 3)));
  }
  for (auto& n : out.nodes) {  // lives 0 to 4 of one line: a later one names those before it
    const auto life = random() % 5;
    n.run_id = {n.id.value + std::to_string(life)};
    for (auto before = life; before-- > 0;) n.predecessors.push_back({n.id.value + std::to_string(before)});
  }
  return out;
}

}  // namespace

TEST_CASE("claims are ordered by epoch, then turn, then the smaller node id") {
  REQUIRE(wins(claim("b", 6), claim("a", 5)));
  REQUIRE(wins(claim("b", 5, 1), claim("a", 5, 0)));
  REQUIRE(wins(claim("a", 5), claim("b", 5)));
  REQUIRE_FALSE(wins(claim("a", 5), claim("a", 5)));
  REQUIRE(wins(claim("", 5, 1), claim("a", 5, 0)));  // nobody, confirmed after a
  REQUIRE(wins(claim("a", 5, 2), claim("", 5, 1)));  // and its return (C15)
}

TEST_CASE("a join does not depend on the order of arrival, and repeating it changes nothing") {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<Heard> all;
    for (const char* name : {"d1", "d2", "d3"}) all.push_back(heard(name, random_topology(random)));
    const Topology expected = join({}, all);
    Topology one_by_one;
    std::vector<Heard> so_far;
    std::shuffle(all.begin(), all.end(), random);
    for (const auto& h : all) {
      so_far.push_back(h);
      one_by_one = join(one_by_one, so_far);
    }
    REQUIRE(one_by_one.claims == expected.claims);
    REQUIRE(one_by_one.marks == expected.marks);
    REQUIRE(one_by_one == expected);
    REQUIRE(join(one_by_one, all) == one_by_one);
  }
}

TEST_CASE("within a generation nothing goes backwards, whatever is heard") {
  std::mt19937 random(4);
  Topology held;
  for (int round = 0; round < 300; ++round) {
    const Topology before = held;
    held = join(before, {heard("d1", random_topology(random)), heard("d2", random_topology(random))});
    REQUIRE(held.generation >= before.generation);
    if (held.generation != before.generation) continue;
    walk(before.claims, held.claims, [](PartitionRange, const Claim* was, const Claim* is) {
      if (was) REQUIRE((is && !wins(*was, *is)));
    });
    walk(before.marks, held.marks, [](PartitionRange, const Mark* was, const Mark* is) {
      const auto rank = [](const Mark& m) { return std::tie(m.epoch, m.count, m.owner); };
      if (was) REQUIRE((is && (!newer(*was, *is) || rank(*was) == rank(*is))));
    });
    for (const auto& n : before.nodes) {
      const Node* now = held.node(n.id);
      REQUIRE(now);
      const auto& later = now->predecessors;
      REQUIRE((now->run_id == n.run_id || std::find(later.begin(), later.end(), n.run_id) != later.end()));
    }
  }
}

TEST_CASE("a topology of a higher generation replaces all claims and marks, one of a lower is ignored") {
  const Topology old = after_failover(three_shards(1), 90);
  const Topology rebuilt = three_shards(2);
  REQUIRE(join(old, {heard("d1", rebuilt)}) == rebuilt);
  REQUIRE(join(rebuilt, {heard("d1", old)}) == rebuilt);
  REQUIRE(join(old, {heard("d1", old), heard("d2", rebuilt)}) == rebuilt);
}

TEST_CASE("what a controller read by itself gives way to any detector's") {
  Topology read = after_failover(three_shards(0), 90);
  read.marks = {};
  REQUIRE(join(read, {heard("d1", three_shards())}) == three_shards());
}

TEST_CASE("a restart is known by succession, though the clock of the node says otherwise (C3)") {
  Topology before = three_shards();
  Topology after = three_shards();
  after.nodes[0].run_id = {"second"};
  after.nodes[0].predecessors = {{"life-p1"}};
  REQUIRE(join(before, {heard("d1", after)}).nodes[0].run_id.value == "second");
  // a detector that still tells of the old life does not bring it back, even if it is the preferred one
  Heard stale = heard("d0", before);
  stale.reach = {{"p1"}};
  REQUIRE(join(after, {stale}).nodes[0].run_id.value == "second");
  REQUIRE(join({}, {stale, heard("d1", after)}).nodes[0].run_id.value == "second");
}

TEST_CASE("of one life told twice, who knows of more lives before it is followed, whoever is asked first") {
  Topology short_memory = three_shards();
  Topology long_memory = three_shards();
  long_memory.nodes[0].predecessors = {{"life-before"}};
  for (const auto* first : {"a", "z"}) {
    const auto joined = join({}, {heard(first, short_memory), heard("m", long_memory)});
    CHECK(joined.node({"p1"})->predecessors == long_memory.nodes[0].predecessors);
  }
  CHECK(join(long_memory, {heard("a", short_memory)}).node({"p1"})->predecessors.size() == 1);
}

TEST_CASE("an unknown incarnation never replaces a known one") {
  Topology unknown = three_shards();
  unknown.nodes[0].run_id = {};
  REQUIRE(join(three_shards(), {heard("d1", unknown)}).nodes[0].run_id.value == "life-p1");
  REQUIRE(join({}, {heard("d1", unknown), heard("d2", three_shards())}).nodes[0].run_id.value == "life-p1");
}

TEST_CASE("two detectors, each ahead in one shard, give a topology that is ahead in both (C12)") {
  const Topology first = after_failover(three_shards());
  Topology second = three_shards();
  second.claims.set(range(100, 199), claim("r2", 5));
  const Topology joined = join(three_shards(), {heard("d1", first), heard("d2", second)});
  REQUIRE(joined.claims.find({0})->owner.value == "r1");
  REQUIRE(joined.claims.find({100})->owner.value == "r2");
}

TEST_CASE("an address comes from the detector that reaches the node, else from a live one, else from the smallest id") {
  Topology here = three_shards();
  Topology there = three_shards();
  there.nodes[0].endpoint = {"elsewhere", 7000};
  const auto address = [](const std::vector<Heard>& all) { return join({}, all).nodes[0].endpoint.host; };
  Heard a = heard("a", here);
  Heard b = heard("b", there);
  REQUIRE(address({a, b}) == "host-p1");
  REQUIRE(address({b, a}) == "host-p1");
  a.live = false;
  REQUIRE(address({a, b}) == "elsewhere");
  a.live = true;
  a.degraded = true;
  REQUIRE(address({a, b}) == "elsewhere");
  a.degraded = false;
  b.reach = {{"p1"}};
  REQUIRE(address({a, b}) == "elsewhere");
  b.live = false;  // what it once reached counts no longer
  REQUIRE(address({a, b}) == "host-p1");
}

TEST_CASE("an owner stays a member as long as a claim names it") {
  const Topology before = after_failover(three_shards(), 9);
  Topology without = three_shards();
  std::erase_if(without.nodes, [](const Node& n) { return n.id.value == "r1"; });
  const Topology joined = join(before, {heard("d1", without)});
  REQUIRE(joined.owner({0}));
  REQUIRE(joined.owner({0})->id.value == "r1");
}
