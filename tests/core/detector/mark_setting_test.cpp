#include "detector/mark_setting.hpp"

#include "fake_cluster.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

struct Judged {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  Topology before = three_shards();
  Topology after = three_shards();
  MarkMemory memory;
  std::map<NodeId, View> views;

  Judged() { memory.replid_epoch = {{{"p1"}, {1}}, {{"p2"}, {2}}, {{"p3"}, {3}}}; }
  PartitionMap<Mark> marks() { return marking().marks; }
  Marking marking() {
    Evidence evidence;
    views.clear();
    for (const auto& [id, n] : cluster.nodes()) {
      if (n.state != FakeNode::State::up) continue;
      views[id] = n.view();
      evidence.views[id] = &views[id];
      evidence.words[id] = {{}, n.ok, n.current_epoch};
    }
    return set_marks(before, after, evidence, memory, loop.now());
  }
};

}  // namespace

TEST_CASE("nothing happened: the marks stay as they are") {
  Judged j;
  REQUIRE(j.marks() == j.before.marks);
}

TEST_CASE("the first mark of a partition bears the claim's epoch, count 0 and the owner's own stream if it answers") {
  Judged j;
  j.before = {};
  j.cluster.node("p2").state = FakeNode::State::killed;
  const auto marks = j.marks();
  REQUIRE(*marks.find({0}) == mark(1, 0, "p1", "stream-p1"));
  REQUIRE(*marks.find({100}) == mark(2, 0, "p2"));
}

TEST_CASE("a change of owner marks exactly its partitions, with where they came from and when that was last well") {
  Judged j;
  j.cluster.elect("r1", "p1");
  j.memory.healthy_ms[{"p1"}] = 1234;
  j.after = after_failover(three_shards());
  const auto marks = j.marks();
  const Mark m = *marks.find({0});
  REQUIRE(m.epoch.value == 4);
  REQUIRE(m.count == 0);
  REQUIRE(m.owner.value == "r1");
  REQUIRE(m.replid == j.cluster.node("r1").replid);
  REQUIRE(m.cause == Cause::failover);
  REQUIRE(m.old_owner.value == "p1");
  REQUIRE(m.last_healthy_ms == 1234);
  REQUIRE(*marks.find({99}) == m);
  REQUIRE(*marks.find({100}) == *j.before.marks.find({100}));
}

TEST_CASE(
    "a new owner is marked with the epoch that it claims itself, so that this one's confirmation is no other event") {
  Judged j;
  j.cluster.elect("r1", "p1");
  j.after = after_failover(three_shards());
  for (auto& node : j.after.nodes)
    if (node.id.value == "r1") node.replid = j.cluster.node("r1").replid;
  j.cluster.node("r1").self.epoch = {5};  // it met another one elected at the same epoch, and took the next
  const auto marks = j.marks();
  const Mark m = *marks.find({0});
  REQUIRE(m.epoch.value == 5);
  REQUIRE(m.replid == j.cluster.node("r1").replid);
  j.before = j.after;
  j.before.marks = marks;
  const auto& claims = j.before.claims.entries();
  for (const auto& [range, claim] : std::vector(claims.begin(), claims.end()))
    if (claim.owner.value == "r1") j.after.claims.set(range, Claim{{5}, claim.turn, claim.owner});
  REQUIRE(*j.marks().find({0}) == m);
}

TEST_CASE("the stream of a new owner that has not answered is filled in later, which is no new event") {
  Judged j;
  j.cluster.elect("r1", "p1");
  j.cluster.node("r1").state = FakeNode::State::stopped;
  j.after = after_failover(three_shards());
  const Mark unknown = *j.marks().find({0});
  REQUIRE(unknown.replid.empty());
  j.before = j.after;
  j.before.marks.set(range(0, 99), unknown);
  j.cluster.node("r1").state = FakeNode::State::up;
  const Mark known = *j.marks().find({0});
  REQUIRE(known.replid == j.cluster.node("r1").replid);
  REQUIRE(known.epoch == unknown.epoch);
  REQUIRE(known.count == unknown.count);
}

TEST_CASE("an owner that answers for the first time at a higher epoch has been through another change") {
  Judged j;
  j.before.marks.set(range(0, 99), mark(1, 0, "p1"));
  j.cluster.node("p1").self.epoch = {6};
  REQUIRE(*j.marks().find({0}) == mark(1, 0, "p1"));  // not published yet: wait
  j.after.claims.set(range(0, 99), claim("p1", 6));
  const Mark m = *j.marks().find({0});
  REQUIRE(m.epoch.value == 6);
  REQUIRE(m.cause == Cause::failover);
}

TEST_CASE("a new life of the owner is a restart: same epoch, next count, and a new life of a replica is nothing") {
  Judged j;
  j.after.nodes[0].run_id = {"second"};
  j.after.nodes[4].run_id = {"second"};
  j.cluster.node("p1").replid = {"after"};
  const auto marks = j.marks();
  const Mark m = *marks.find({0});
  REQUIRE(m.epoch.value == 1);
  REQUIRE(m.count == 1);
  REQUIRE(m.cause == Cause::restart);
  REQUIRE(m.replid.value == "after");
  REQUIRE(*marks.find({100}) == *j.before.marks.find({100}));
}

TEST_CASE("partitions that nobody owned and that the same node with the same data takes back are not marked") {
  Judged j;
  j.before.claims.set(range(0, 99), claim("", 1, 1));
  j.after.claims.set(range(0, 99), claim("p1", 1, 2));
  REQUIRE(j.marks() == j.before.marks);
  j.cluster.node("p1").replid = {"other"};
  REQUIRE(j.marks().find({0})->cause == Cause::failover);
  j.after.claims.set(range(0, 99), claim("", 1, 1));
  REQUIRE(j.marks() == j.before.marks);
}

TEST_CASE("memory keeps the highest epoch of each present stream, and forgets a node that became replica") {
  Judged j;
  j.memory = {};
  Evidence evidence;
  View p1 = j.cluster.node("p1").view();
  evidence.views[{"p1"}] = &p1;
  evidence.words[{"p1"}] = {{}, true, {3}};
  p1.nodes[0].epoch = {8};
  remember(j.memory, j.before, j.before, evidence, {}, 77);
  p1.nodes[0].epoch = {5};
  remember(j.memory, j.before, j.before, evidence, {}, 78);
  REQUIRE(j.memory.replid_epoch.at({"p1"}).value == 8);
  REQUIRE(j.memory.healthy_ms.at({"p1"}) == 78);
  p1.role = Role::replica;
  remember(j.memory, j.before, j.before, evidence, {}, 79);
  REQUIRE(j.memory.replid_epoch.empty());
  REQUIRE(j.memory.healthy_ms.at({"p1"}) == 78);
}
