#include "detector/loss.hpp"

#include "support/catch.hpp"
#include "support/sample_topology.hpp"

using namespace dbha;
using namespace dbha::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

View view(const char* id, Role role, const char* life, const char* stream, const char* former, std::int64_t offset,
          std::int64_t former_offset) {
  View out;
  out.node = {id};
  out.role = role;
  out.run_id = {life};
  out.replid = {stream};
  out.previous_replid = {former};
  out.replication_offset = offset;
  out.previous_offset = former_offset;
  NodeReport self;
  self.id = {id};
  self.role = role;
  if (role == Role::replica) self.primary = {"b"};
  out.nodes = {self};
  return out;
}

Mark failover() {
  Mark m = mark(5, 0, "b", "SB");
  m.cause = Cause::failover;
  m.old_owner = {"a"};
  return m;
}

const Written wrote{{"life-a"}, {"SA"}, 1000};

View b() {
  return view("b", Role::primary, "life-b", "SB", "SA", 1100, 1011);
}
View a(const char* life = "life-a", const char* former = "SA", std::int64_t former_offset = 1011) {
  return view("a", Role::replica, life, "SB", former, 1100, former_offset);
}
Loss loss_of(const View& old_owner, const View& owner, const Written& before = wrote, const Mark& m = failover()) {
  return judge_loss(m, before, &old_owner, &owner).loss;
}

}  // namespace

TEST_CASE("a graceful failover: the old owner goes on with the stream where the new one took it over: none") {
  const View owner = b();
  const View old_owner = a();
  const auto verdict = judge_loss(failover(), wrote, &old_owner, &owner);
  REQUIRE(verdict.loss == Loss::none);
  REQUIRE(verdict.old_offset == 1010);
  REQUIRE(verdict.new_offset == 1010);
}

TEST_CASE("an old owner that has not followed yet proves nothing") {
  REQUIRE(loss_of(view("a", Role::primary, "life-a", "SA", "", 1000, -1), b()) == Loss::unknown);
  REQUIRE(loss_of(view("a", Role::replica, "life-a", "SA", "", 1000, -1), b()) == Loss::unknown);
  const View owner = b();
  REQUIRE(judge_loss(failover(), wrote, nullptr, &owner).loss == Loss::unknown);
  const View old_owner = a();
  REQUIRE(judge_loss(failover(), wrote, &old_owner, nullptr).loss == Loss::unknown);
}

TEST_CASE("an old owner seen further than the new one was when promoted: possible, with offsets") {
  const View owner = b();
  const auto verdict = judge_loss(failover(), {{"life-a"}, {"SA"}, 1500}, nullptr, &owner);
  REQUIRE(verdict.loss == Loss::possible);
  REQUIRE(verdict.old_offset == 1500);
  REQUIRE(verdict.new_offset == 1010);
}

TEST_CASE("an old owner that had to throw its data away to follow: possible") {
  REQUIRE(loss_of(a("life-a", "", -1), b()) == Loss::possible);
}

TEST_CASE("an old owner that comes back in another life may have lost what its dump had not") {
  REQUIRE(loss_of(a("life-2", "SA", 900), b()) == Loss::possible);
}

TEST_CASE(
    "a second failover within one look hides what the first lost: the stream before is not the one last written") {
  REQUIRE(loss_of(a("life-a", "SX", 1011), view("b", Role::primary, "life-b", "SB", "SX", 1100, 1011)) != Loss::none);
}

TEST_CASE("a failover there and back, and a stream that is no longer the mark's, prove nothing") {
  Mark back = failover();
  back.old_owner = {"b"};
  REQUIRE(loss_of(a(), b(), wrote, back) == Loss::unknown);
  REQUIRE(loss_of(a(), view("b", Role::primary, "life-b", "SC", "SA", 1100, 1011)) == Loss::unknown);
  REQUIRE(loss_of(a(), b(), Written{}) == Loss::unknown);
}

TEST_CASE("a restart in place: possible, whatever was read back") {
  Mark m = mark(5, 1, "a", "SN");
  m.cause = Cause::restart;
  m.old_owner = {"a"};
  const View empty = view("a", Role::primary, "life-2", "SN", "", 0, -1);
  const auto verdict = judge_loss(m, wrote, &empty, &empty);
  REQUIRE(verdict.loss == Loss::possible);
  REQUIRE(verdict.old_offset == 1000);
  REQUIRE(verdict.new_offset == 0);
  const View dump = view("a", Role::primary, "life-2", "SN", "SA", 800, 801);
  REQUIRE(judge_loss(m, wrote, &dump, &dump).new_offset == 800);
}

TEST_CASE("the watch remembers what the old owner wrote, asks both soon and then more rarely, and fills in the mark") {
  const TimePoint start{seconds(100)};
  LossWatch watch;
  const View wrote_last = view("a", Role::primary, "life-a", "SA", "", 1010, -1);
  const View owner = b();
  const View old_owner = a();
  PartitionMap<Mark> before, after;
  before.set(range(0, 99), mark(4, 0, "a", "SA"));
  after.set(range(0, 99), failover());
  Evidence evidence;
  evidence.views[{"a"}] = &wrote_last;
  REQUIRE(watch.learn(before, before, evidence, start) == before);
  evidence.views[{"b"}] = &owner;
  REQUIRE(watch.learn(after, before, evidence, start) == after);
  REQUIRE(watch.wanted(start).empty());
  REQUIRE(watch.wanted(start + milliseconds(10)).size() == 2);
  REQUIRE(watch.wanted(start + milliseconds(15)).empty());
  REQUIRE(watch.wanted(start + seconds(6)).empty());
  evidence.views[{"a"}] = &old_owner;
  const auto known = watch.learn(after, after, evidence, start + milliseconds(40));
  REQUIRE(known.find({0})->loss == Loss::none);
  REQUIRE(watch.learn(known, known, evidence, start + seconds(1)) == known);
  REQUIRE(watch.wanted(start + seconds(2)).empty());
}
