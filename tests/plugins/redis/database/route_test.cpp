// Three shards: a (slots 0-99) with replica a2, b (100-199), c (200-299). Redirects correct the route for a while.
#include "redis/route.hpp"

#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::redis;

namespace {

const Endpoint at_a{"a", 1}, at_a2{"a2", 1}, at_b{"b", 1}, at_c{"c", 1};

Node member(std::string id, Endpoint endpoint, Role role, std::string primary = {}) {
  return {.id = {std::move(id)},
          .endpoint = std::move(endpoint),
          .role = role,
          .primary = {std::move(primary)},
          .run_id = {},
          .predecessors = {},
          .replid = {}};
}

Topology three_shards() {
  Topology topology;
  topology.generation = 1;
  topology.partitions = 16384;
  topology.nodes = {member("a", at_a, Role::primary), member("a2", at_a2, Role::replica, "a"),
                    member("b", at_b, Role::primary), member("c", at_c, Role::primary)};
  topology.claims.set({{0}, {99}}, {{1}, 0, {"a"}});
  topology.claims.set({{100}, {199}}, {{2}, 0, {"b"}});
  topology.claims.set({{200}, {299}}, {{3}, 0, {"c"}});
  return topology;
}

void apply(Route& route, const Topology& topology) {
  route.apply(std::make_shared<const Topology>(topology));
}

Endpoint target(const Route& route, std::uint32_t slot) {
  const Endpoint* endpoint = route.target({slot});
  return endpoint ? *endpoint : Endpoint{"nobody", 0};
}
const Endpoint nobody{"nobody", 0};

Route three_shard_route() {
  Route route;
  apply(route, three_shards());
  return route;
}

}  // namespace

TEST_CASE("without a topology nobody owns anything, and MOVED is believed") {
  Route route;
  CHECK(target(route, 5) == nobody);
  CHECK(route.moved({5}, at_a, at_b));
  CHECK(target(route, 5) == at_b);
}

TEST_CASE("calls go to the owner by the topology, and nowhere for an uncovered slot") {
  const Route route = three_shard_route();
  CHECK(target(route, 0) == at_a);
  CHECK(target(route, 150) == at_b);
  CHECK(target(route, 300) == nobody);
  CHECK(route.owners() == std::vector<Endpoint>{at_a, at_b, at_c});
  CHECK(route.node_at(at_a2) == NodeId{"a2"});
}

TEST_CASE("MOVED to another primary moves one slot, MOVED to the own replica the whole shard") {
  Route route = three_shard_route();
  CHECK(route.moved({7}, at_a, at_b));
  CHECK(target(route, 7) == at_b);
  CHECK(target(route, 8) == at_a);
  CHECK(route.moved({8}, at_a, at_a2));
  CHECK(target(route, 8) == at_a2);
  CHECK(target(route, 99) == at_a2);
  CHECK(target(route, 7) == at_b);  // goes elsewhere already
  CHECK(target(route, 100) == at_b);
  CHECK(route.uses(at_a2));
}

TEST_CASE("a late answer of a former owner is old news") {
  Route route = three_shard_route();
  route.moved({7}, at_a, at_b);
  CHECK_FALSE(route.moved({7}, at_a, at_c));
  CHECK(target(route, 7) == at_b);
  CHECK_FALSE(route.moved({150}, at_b, at_b));  // a node that names itself says nothing
}

TEST_CASE("the named node may redirect in its turn") {
  Route route = three_shard_route();
  route.moved({7}, at_a, at_b);
  CHECK(route.moved({7}, at_b, at_c));
  CHECK(target(route, 7) == at_c);
}

TEST_CASE("a provisional route outlives a topology that knows no better, and ends with one that does") {
  Route route = three_shard_route();
  route.moved({7}, at_a, at_a2);
  apply(route, three_shards());
  CHECK(target(route, 7) == at_a2);
  Topology better = three_shards();
  better.claims.set({{0}, {49}}, {{4}, 0, {"c"}});
  apply(route, better);
  CHECK(target(route, 7) == at_c);
  CHECK(target(route, 50) == at_a2);
}

TEST_CASE("a turn within the same epoch knows better, and so does another generation") {
  Topology turned = three_shards();
  turned.claims.set({{0}, {99}}, {{1}, 1, {"a"}});
  Route route = three_shard_route();
  route.moved({7}, at_a, at_b);
  apply(route, turned);
  CHECK(target(route, 7) == at_a);

  Topology rebuilt = three_shards();
  rebuilt.generation = 2;
  route.moved({7}, at_a, at_b);
  apply(route, rebuilt);
  CHECK(target(route, 7) == at_a);
}

TEST_CASE("a node that says READONLY is asked no more until a topology comes or the doubt is given up") {
  Route route = three_shard_route();
  CHECK(route.disowned({7}, at_a));
  CHECK(target(route, 7) == nobody);
  CHECK(target(route, 8) == at_a);
  CHECK_FALSE(route.disowned({7}, at_a));
  CHECK_FALSE(route.disowned({8}, at_b));
  route.reconsider({8});
  CHECK(target(route, 7) == nobody);
  route.reconsider({7});
  CHECK(target(route, 7) == at_a);
  route.disowned({7}, at_a);
  apply(route, three_shards());
  CHECK(target(route, 7) == at_a);
}

TEST_CASE("giving up the doubt about one slot leaves provisional routes alone") {
  Route route = three_shard_route();
  route.moved({7}, at_a, at_a2);
  route.reconsider({7});
  CHECK(target(route, 7) == at_a2);
}

TEST_CASE("provisional routes to a node that cannot be reached end, the topology's own stay") {
  Route route = three_shard_route();
  route.moved({7}, at_a, at_a2);
  CHECK(route.unreachable(at_a2));
  CHECK(target(route, 7) == at_a);
  CHECK_FALSE(route.unreachable(at_a));
  CHECK(target(route, 7) == at_a);
  CHECK_FALSE(route.uses(at_a2));
}
