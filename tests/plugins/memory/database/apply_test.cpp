#include "bench.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE("apply is done when every primary has answered", "[sanitize]") {
  Bench b;
  CHECK(b.applied.at(0).complete);
  CHECK(b.applied[0].missing.empty());
}

TEST_CASE("a primary that does not answer within apply_timeout is missing") {
  Bench b(Bench::Bare{});
  const auto topology = b.topology();
  b.in_cluster([](memory::Cluster& c) { c.stop(1); });
  b.open();
  b.database->apply(topology, {}, [&](Applied what) { b.applied.push_back(std::move(what)); });
  REQUIRE(b.until([&] { return b.applied.size() == 1; }));
  CHECK(!b.applied[0].complete);
  CHECK(b.applied[0].missing == std::vector{b.id(1)});
  CHECK(b.log.contains("apply_incomplete missing=1 first=" + b.endpoint(1).text()));
}

TEST_CASE("an apply that a newer one replaces is incomplete, and done before it") {
  Bench b;
  b.in_cluster([](memory::Cluster& c) { c.stop(1); });
  b.apply();
  b.apply();
  REQUIRE(b.until([&] { return b.applied.size() == 3; }));
  CHECK(!b.applied[1].complete);
}

TEST_CASE("a topology without owners is applied at once") {
  Bench b;
  auto empty = std::make_shared<Topology>();
  bool done = false;
  b.database->apply(empty, {}, [&](const Applied& applied) { done = applied.complete; });
  CHECK(!done);
  CHECK(b.until([&] { return done; }, 200ms));
}

TEST_CASE("a primary that is down at first answers the apply when it comes up in time") {
  Bench b(Bench::Bare{});
  b.settings.apply_timeout = 5s;
  b.open();
  const auto topology = b.topology();
  b.in_cluster([](memory::Cluster& c) { c.restart_in_place(0, 50ms); });
  b.database->apply(topology, {}, [&](Applied what) { b.applied.push_back(std::move(what)); });
  REQUIRE(b.until([&] { return !b.applied.empty(); }));
  CHECK(b.applied[0].complete);
}
