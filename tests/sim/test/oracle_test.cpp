#include "oracle.hpp"

#include "site.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::sim;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

Schedule quiet_schedule() {
  Schedule out;
  out.seed = 5;
  out.controllers_start = {Duration(0)};
  return out;
}

/// A database at rest, and what a detector that knows everything would say of it.
struct Watched {
  Watched() : site(quiet_schedule(), false) { site.oracle.detector_started(0, nullptr); }

  Topology truth() const {
    Topology out;
    out.generation = 1;
    out.partitions = site.partitions;
    for (std::size_t n = 0; n < site.cluster.size(); ++n) {
      Node node;
      node.id = site.cluster.id(n);
      node.endpoint = site.cluster.endpoint(n);
      node.role = site.cluster.role(n);
      node.run_id = site.cluster.run_id(n);
      node.replid = site.cluster.replid(n);
      out.nodes.push_back(node);
    }
    std::sort(out.nodes.begin(), out.nodes.end(), [](const Node& a, const Node& b) { return a.id < b.id; });
    for (std::uint32_t p = 0; p < site.partitions; ++p) {
      const std::size_t owner = *site.cluster.owner({p});
      out.claims.set({{p}, {p}}, Claim{{epoch + owner}, 0, site.cluster.id(owner)});
      Mark mark;
      mark.epoch = {epoch + owner};
      mark.owner = site.cluster.id(owner);
      mark.replid = site.cluster.replid(owner);
      out.marks.set({{p}, {p}}, mark);
    }
    return out;
  }
  void pass(Duration time) {
    const TimePoint until = site.clock.now() + time;
    while (site.clock.step(until)) {
    }
  }
  void tell(const Topology& topology, Cause cause, PartitionRange range) {
    DbRestart event;
    event.cause = cause;
    event.partitions.set(range, {});
    site.oracle.applied(0, topology);
    site.oracle.told(0, event, topology, &topology);
  }
  PartitionRange all() const { return {{0}, {site.partitions - 1}}; }
  std::vector<Breach> found() const {
    std::vector<Breach> out;
    for (const auto& violation : site.oracle.violations()) out.push_back(violation.breach);
    return out;
  }

  Site site;
  std::uint64_t epoch = 1;
};
using Breaches = std::vector<Breach>;

}  // namespace

TEST_CASE("a restart that everybody is told of is no violation, and one that nobody is told of is missed") {
  const bool told = GENERATE(true, false);
  Watched watch;
  watch.site.oracle.published(0, watch.truth());
  watch.tell(watch.truth(), Cause::start, watch.all());
  watch.site.cluster.restart_in_place(0);
  watch.pass(seconds(5));
  Topology after = watch.truth();
  Mark mark = *after.marks.find({0});
  ++mark.count;
  after.marks.set({{0}, {39}}, mark);
  watch.site.oracle.published(0, after);
  if (told) watch.tell(after, Cause::restart, {{0}, {39}});
  watch.site.oracle.check_missed();
  CHECK(watch.found() == (told ? Breaches{} : Breaches{Breach::missed}));
}

TEST_CASE("a dbrestart without a loss, and one told twice, are spurious") {
  Watched watch;
  Topology topology = watch.truth();
  watch.site.oracle.published(0, topology);
  watch.tell(topology, Cause::start, watch.all());
  Mark mark = *topology.marks.find({0});
  ++mark.count;
  mark.replid = {"another stream"};
  topology.marks.set({{0}, {10}}, mark);
  watch.site.oracle.published(0, topology);
  watch.tell(topology, Cause::failover, {{0}, {10}});
  REQUIRE(watch.found() == Breaches{Breach::spurious});
  CHECK(watch.site.oracle.violations()[0].kind() == "spurious start mark, nothing");
  watch.tell(topology, Cause::failover, {{0}, {10}});
  CHECK(watch.site.oracle.violations().back().kind() == "spurious told again");
}

TEST_CASE("a claim or a mark that goes back is seen, and an owner that never was one") {
  Watched watch;
  const Topology before = watch.truth();
  watch.site.oracle.published(0, before);
  SECTION("a lower epoch") {
    Topology after = before;
    after.claims.set({{0}, {9}}, Claim{{0}, 0, before.claims.find({0})->owner});
    watch.site.oracle.published(0, after);
    CHECK(watch.found() == Breaches{Breach::backwards});
  }
  SECTION("a mark is gone") {
    Topology after = before;
    after.marks = {};
    watch.site.oracle.published(0, after);
    CHECK(watch.found().front() == Breach::backwards);
  }
  SECTION("a replica") {
    Topology after = before;
    after.claims.set({{0}, {9}}, Claim{{9}, 0, watch.site.cluster.id(3)});
    watch.site.oracle.published(0, after);
    CHECK(watch.found() == Breaches{Breach::unfounded});
  }
  SECTION("a life that nobody lived") {
    Topology after = before;
    after.nodes[0].run_id = {"made up"};
    watch.site.oracle.published(0, after);
    CHECK(watch.found() == Breaches{Breach::unfounded});
  }
}

TEST_CASE(
    "an event before its topology is applied is early, and an applied topology that nobody published is no join") {
  Watched watch;
  const Topology topology = watch.truth();
  watch.site.oracle.published(0, topology);
  DbRestart event;
  event.cause = Cause::start;
  event.partitions.set(watch.all(), {});
  watch.site.oracle.told(0, event, topology, nullptr);
  CHECK(watch.found() == Breaches{Breach::early});
  Topology other = topology;
  other.claims.set({{0}, {9}}, Claim{{99}, 0, topology.claims.find({0})->owner});
  watch.site.oracle.applied(0, other);
  CHECK(watch.found().back() == Breach::not_a_join);
}

TEST_CASE("more questions in a second than the budget allows are seen, in whichever second") {
  Spending spending(100);
  TimePoint now{};
  for (int i = 0; i < 100; ++i) CHECK(spending.add(now += milliseconds(10), 1));
  CHECK_FALSE(spending.add(now += milliseconds(1), 1));
  CHECK(spending.add(now += seconds(1), 100));
}
