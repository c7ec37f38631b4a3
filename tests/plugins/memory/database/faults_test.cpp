// Orders to the database as a whole, through the interface that every application has.

#include "bench.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("an order needs no topology and no living node", "[sanitize]") {
  Bench b(Bench::Bare{});
  b.open();
  CHECK(b.call({"MEMORY", "OUTAGE"}).ok());
  CHECK(b.in_cluster([](memory::Cluster& c) { return c.state(5); }) == memory::NodeState::down);
  CHECK(b.call({"MEMORY", "AGREED"}).value.integer == 1);  // nobody is left to disagree
  CHECK(b.call({"MEMORY", "RECOVER"}).ok());
  CHECK(b.in_cluster([](memory::Cluster& c) { return c.state(5); }) == memory::NodeState::running);
  const Result wrong = b.call({"MEMORY", "KILL", "9"});
  CHECK(wrong.outcome == Outcome::error_reply);
  CHECK(wrong.value.text == "ERR MEMORY KILL wants a node number, 0 to 5; got '9'");
}

TEST_CASE("a failover that one ordered is done when NODES says promoted") {
  Bench b;
  REQUIRE(b.call({"MEMORY", "FAILOVER", "3"}).ok());
  CHECK(b.until([&] { return b.call({"MEMORY", "OWNER", "0"}).value.integer == 3; }));
}
