#include "simulation.hpp"

#include "batch.hpp"
#include "shrink.hpp"
#include "support/catch.hpp"

using namespace dbha::sim;

namespace {

ScheduleOptions all_groups() {
  ScheduleOptions out;
  out.groups = {FaultGroup::main,  FaultGroup::minority,  FaultGroup::reach,  FaultGroup::outage,
                FaultGroup::fleet, FaultGroup::operators, FaultGroup::rebuild};
  return out;
}

Tally tally_of(std::uint64_t schedules, const ScheduleOptions& options) {
  BatchOptions batch;
  batch.schedules = schedules;
  batch.schedule = options;
  return run_batch(batch, [](std::uint64_t) {});
}

}  // namespace

TEST_CASE("the same seed takes the same course, step by step") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    RunOptions verbose;
    verbose.verbose = true;
    const Course first = run(schedule_of(seed), verbose);
    const Course second = run(schedule_of(seed), verbose);
    CHECK(first.hash == second.hash);
    CHECK(first.lines == second.lines);
    CHECK(first.steps == second.steps);
  }
}

TEST_CASE("printing what happens changes nothing") {
  RunOptions verbose;
  verbose.verbose = true;
  CHECK(run(schedule_of(3)).hash == run(schedule_of(3), verbose).hash);
}

TEST_CASE("another seed takes another course") {
  CHECK(run(schedule_of(1)).hash != run(schedule_of(2)).hash);
}

TEST_CASE("a batch of two threads finds what one of one thread finds") {
  BatchOptions batch;
  batch.schedules = 20;
  const Tally one = run_batch(batch, [](std::uint64_t) {});
  batch.jobs = 2;
  const Tally two = run_batch(batch, [](std::uint64_t) {});
  CHECK(one.steps == two.steps);
  CHECK(one.caused == two.caused);
  CHECK(one.seeds == two.seeds);
}

TEST_CASE("schedules in which an event was missed once") {
  // A replaced owner that got it back unseen; an election before a claim at an old epoch; an owner's word after its
  // end.
  for (const std::uint64_t seed : {26554U, 62732U, 78241U}) {
    const Course course = run(schedule_of(seed));
    INFO("seed " << seed);
    CHECK_FALSE(course.failed());
  }
}

TEST_CASE("every kind of fault truly happens") {
  const Tally tally = tally_of(60, all_groups());
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    INFO(text_of(static_cast<FaultKind>(i)));
    CHECK(tally.caused[i] >= 1);
  }
}

TEST_CASE("only faults of the chosen groups happen") {
  const Tally tally = tally_of(60, {});
  for (std::size_t i = 0; i < fault_kinds; ++i)
    if (group_of(static_cast<FaultKind>(i)) != FaultGroup::main) CHECK(tally.caused[i] == 0);
}

TEST_CASE("a fleet outlives the faults of the first seeds, and truly has something to do") {
  const Tally tally = tally_of(60, {});
  INFO((tally.first_failure() ? std::to_string(tally.first_failure()->first) + ' ' + tally.first_failure()->second
                              : ""));
  CHECK_FALSE(tally.failed());
  CHECK(tally.publications > 3 * tally.schedules);
  CHECK(tally.events > 3 * tally.schedules);
}

TEST_CASE("several detectors outlive the faults of the first seeds as one does, and end on one version") {
  ScheduleOptions options;
  options.detectors = 3;
  const Tally tally = tally_of(30, options);
  INFO((tally.first_failure() ? std::to_string(tally.first_failure()->first) + ' ' + tally.first_failure()->second
                              : ""));
  CHECK_FALSE(tally.failed());
  CHECK(tally.publications > 9 * tally.schedules);
}

TEST_CASE("a failing schedule shrinks to what its failure needs") {
  // An invariant that no database keeps: no node is ever killed.
  RunOptions options;
  options.planted = [](const Course& course) {
    const bool killed = course.caused[static_cast<std::size_t>(FaultKind::kill)] > 0;
    return killed ? std::optional<std::string>("a node was killed") : std::nullopt;
  };
  std::uint64_t seed = 1;
  while (!run(schedule_of(seed), options).failed()) ++seed;
  const Schedule schedule = schedule_of(seed);
  REQUIRE(schedule.faults.size() > 1);

  const Shrunk shrunk = shrink(schedule, "planted", options);
  const Schedule left = simplified(schedule, shrunk.simplification);
  REQUIRE(left.faults.size() == 1);
  CHECK(left.faults[0].kind == FaultKind::kill);
  CHECK(left.controllers_start.size() == 1);
  CHECK(left.bus.loss == 0);
  CHECK(left.shape.shards == 3);
  CHECK_FALSE(shrunk.course.lines.empty());
  CHECK(run(left, options).hash == shrunk.course.hash);
}
