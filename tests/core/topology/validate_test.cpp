#include "topology/validate.hpp"

#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

NodeReport report(std::string id, Role role, std::vector<PartitionRange> owns = {}) {
  NodeReport out;
  out.id = {std::move(id)};
  out.endpoint = {"h", 7000};
  out.role = role;
  out.owns = std::move(owns);
  return out;
}

View good() {
  View out;
  out.node = {"a"};
  out.role = Role::primary;
  out.nodes = {report("a", Role::primary, {range(0, 9), range(30, 39)}), report("b", Role::primary, {range(10, 29)}),
               report("c", Role::replica)};
  return out;
}

std::string violation(View view) {
  return violation_of(view, 40).value_or("none");
}

}  // namespace

TEST_CASE("a view that leaves partitions uncovered is usable") {
  REQUIRE(violation(good()) == "none");
  View view = good();
  view.nodes[1].owns.clear();
  REQUIRE(violation(view) == "none");
}

TEST_CASE("each way of being wrong is refused with its own reason") {
  View view = good();
  SECTION("no role") {
    view.role = Role::unknown;
    REQUIRE(violation(view) == "it does not say whether it is primary or replica");
  }
  SECTION("not in its own list") {
    view.node = {"d"};
    REQUIRE(violation(view) == "it does not name itself");
  }
  SECTION("named twice") {
    view.nodes.push_back(report("b", Role::replica));
    REQUIRE(violation(view) == "node b is named twice");
  }
  SECTION("no id") {
    view.nodes[2].id = {};
    REQUIRE(violation(view) == "a node without id");
  }
  SECTION("no port") {
    view.nodes[2].endpoint.port = 0;
    REQUIRE(violation(view) == "node c has no usable address");
  }
  SECTION("no host") {
    view.nodes[2].endpoint.host.clear();
    REQUIRE(violation(view) == "node c has no usable address");
  }
  SECTION("a member without a role") {
    view.nodes[2].role = Role::unknown;
    REQUIRE(violation(view) == "node c is neither primary nor replica");
  }
  SECTION("a replica that owns") {
    view.nodes[2].owns = {range(39, 39)};
    REQUIRE(violation(view) == "replica c claims partitions");
  }
  SECTION("beyond the last partition") {
    view.nodes[1].owns = {range(10, 40)};
    REQUIRE(violation(view) == "partitions 10-40 of node b are out of range");
  }
  SECTION("a range that ends before it begins") {
    view.nodes[1].owns = {range(12, 11)};
    REQUIRE(violation(view) == "partitions 12-11 of node b are out of range");
  }
  SECTION("two owners") {
    view.nodes[1].owns = {range(10, 31)};
    REQUIRE(violation(view) == "partitions 30-31 have two owners, a and b");
  }
  SECTION("one owner, twice") {
    view.nodes[0].owns = {range(0, 9), range(9, 9)};
    REQUIRE(violation(view) == "partitions 9 have two owners, a and a");
  }
}
