// Three shards of two nodes each.
#include "demo/plan.hpp"

#include "support/catch.hpp"

using namespace dbha::demo;

TEST_CASE("without a choice the six faults hit the shards in turn, and the killed node's own comes back") {
  CHECK(plan_faults({}, 3) == std::vector<Step>{{Fault::kill, 0},
                                                {Fault::comeback, 0},
                                                {Fault::failover, 1},
                                                {Fault::restart, 2},
                                                {Fault::stop, 0},
                                                {Fault::lose, 1}});
}

TEST_CASE("a fault spares the shards that have lost a node, and takes the one left alone for the longest time") {
  CHECK(plan_faults({"kill", "restart", "failover", "restart"}, 3) ==
        std::vector<Step>{{Fault::kill, 0}, {Fault::restart, 1}, {Fault::failover, 2}, {Fault::restart, 1}});
  CHECK(plan_faults({"kill", "kill", "return", "return", "kill"}, 3) ==
        std::vector<Step>{
            {Fault::kill, 0}, {Fault::kill, 1}, {Fault::comeback, 0}, {Fault::comeback, 1}, {Fault::kill, 2}});
  CHECK(plan_faults({"lose", "lose", "return", "stop"}, 3) ==
        std::vector<Step>{{Fault::lose, 0}, {Fault::lose, 1}, {Fault::comeback, 0}, {Fault::stop, 2}});
}

TEST_CASE("an order in which a fault cannot be caused is refused, with what to do") {
  CHECK_THROWS_WITH(plan_faults({"failover", "return"}, 3),
                    "return: there is no killed node that could come back; put a kill before it");
  CHECK_THROWS_WITH(plan_faults({"kill", "kill", "kill", "failover"}, 3),
                    "failover: every shard has lost a node already; put a return before it");
  CHECK_THROWS_WITH(plan_faults({"flood"}, 3),
                    "there is no fault 'flood'; there are kill, return, failover, restart, stop, lose");
}
