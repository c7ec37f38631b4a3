// Three nodes, of which two own something; and what is said while there is no topology.

#include "shell/no_topology.hpp"
#include "shell/primaries.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::shell;

TEST_CASE("each primary is reached by the first partition that it owns, in the order of addresses") {
  Topology topology;
  topology.partitions = 100;
  topology.nodes = {{.id = {"a"},
                     .endpoint = {"h", 3},
                     .role = Role::primary,
                     .primary = {},
                     .run_id = {},
                     .predecessors = {},
                     .replid = {}},
                    {.id = {"b"},
                     .endpoint = {"h", 2},
                     .role = Role::primary,
                     .primary = {},
                     .run_id = {},
                     .predecessors = {},
                     .replid = {}},
                    {.id = {"c"},
                     .endpoint = {"h", 1},
                     .role = Role::primary,
                     .primary = {},
                     .run_id = {},
                     .predecessors = {},
                     .replid = {}}};
  CHECK(primaries_of(topology).empty());
  topology.claims.set({{5}, {9}}, {{1}, 0, {"a"}});
  topology.claims.set({{10}, {19}}, {{2}, 0, {"b"}});
  topology.claims.set({{20}, {29}}, {{2}, 1, {}});  // nobody
  topology.claims.set({{30}, {39}}, {{1}, 0, {"a"}});
  CHECK(primaries_of(topology) == std::map<Endpoint, Partition>{{{"h", 2}, {10}}, {{"h", 3}, {5}}});
}

TEST_CASE("without a topology each seed has its reason, and a controller alone has its own") {
  const nlohmann::json detector = {{"reason", "no majority"},
                                   {"seeds",
                                    {{{"endpoint", "h:1"}, {"trouble", "Connection refused"}},
                                     {{"endpoint", "h:2"}, {"trouble", "h:2 is not in cluster mode"}},
                                     {{"endpoint", "h:3"}, {"trouble", "LOADING Redis is loading"}},
                                     {{"endpoint", "h:4"}, {"trouble", ""}}}}};
  CHECK(why_no_topology({{"detector", detector}, {"controller", {{"waiting_for", "a detector"}}}}) ==
        "h:1: connection refused; h:2: is not in cluster mode; h:3: LOADING Redis is loading; "
        "h:4: answers, but no majority");
  CHECK(why_no_topology({{"controller", {{"waiting_for", "no detector has answered yet"}}}}) ==
        "no detector has answered yet");
}
