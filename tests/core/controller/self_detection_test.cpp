// A controller that hears no detector looks at the database itself (on_detector_loss = "self_detect").
#include "controller/controller_state.hpp"
#include "core/detector/fake_cluster.hpp"
#include "messages.hpp"
#include "support/catch.hpp"
#include "support/virtual_loop.hpp"
#include "topology/marks.hpp"

using namespace dbha;
using namespace dbha::test;

namespace {

ControllerSettings self_detecting() {
  ControllerSettings out{"c", "nb", 1, 7};
  out.self_detect = SelfDetectSettings{{seconds(10), 2000}, [](std::size_t nodes) {
                                         return QuestionCost{static_cast<unsigned>(4 * nodes), 1000};
                                       }};
  return out;
}

/// A controller that has applied what a detector told of three shards, and a handler that has handled it.
struct Alone {
  VirtualLoop loop;
  FakeCluster cluster{loop};
  ControllerState state{self_detecting(), loop.now()};
  Speaker d1;
  std::set<std::string> out_of_reach;
  PartitionMap<Mark> handled;
  std::vector<PartitionSet> restarts;  ///< of the handler
  unsigned looks = 0;

  Alone() {
    take(state.on_publication(d1.publish(three_shards()), loop.now()));
    take(state.on_beat(d1.beat(), loop.now()));
    handled = three_shards().marks;
    restarts.clear();
  }

  void take(const ControllerOutput& out) {
    if (out.look) look(*out.look);
    if (out.marks) {
      const auto& marks = out.marks->topology->marks;
      if (const auto lost = due(marks, handled); !lost.empty()) restarts.push_back(lost);
      handled = handle_marks(handled, marks);
    }
    if (out.apply) take(state.on_applied(out.apply->serial, {true, {}}, loop.now()));
  }

  void look(const std::vector<Endpoint>& nodes) {
    ++looks;
    SelfRead read(nodes, FakeCluster::partitions, Voters::owners);
    for (auto ask = read.to_ask(); !ask.empty(); ask = read.to_ask())
      for (const auto& endpoint : ask) answer(read, endpoint);
    take(state.on_look(read, loop.now(), 1'000'000));
  }
  void answer(SelfRead& read, const Endpoint& endpoint) {
    for (const auto& [id, node] : cluster.nodes()) {
      if (node.self.endpoint != endpoint) continue;
      if (node.state != FakeNode::State::up || out_of_reach.contains(id.value)) break;
      View view = node.view();
      view.asked = loop.now() - milliseconds(1);
      view.answered = loop.now();
      return read.on_view(view);
    }
    read.on_no_answer(endpoint);
  }

  void pass(Duration duration) {
    for (const TimePoint until = loop.now() + duration; loop.now() < until; loop.advance(milliseconds(20)))
      take(state.on_tick(loop.now()));
  }
  /// A detector beats, and holds this.
  void pass_with(Duration duration, DetectorStatus status = DetectorStatus::ok) {
    for (const TimePoint until = loop.now() + duration; loop.now() < until; pass(seconds(1)))
      take(state.on_beat(d1.beat(status), loop.now()));
  }
  /// Another life of the detector, with this topology.
  void back(const Topology& topology) {
    d1 = {.name = "d1", .start = d1.start + 1, .sequence = 0, .last = {}, .last_beat = {}};
    take(state.on_publication(d1.publish(topology), loop.now()));
  }
  void failover() {
    cluster.node("p1").state = FakeNode::State::killed;
    cluster.elect("r1", "p1");
  }
  std::string owner() const { return state.applied()->claims.find({0})->owner.value; }
};

/// What a detector that was back publishes of the failover: its mark, as it saw it.
Topology as_a_detector_sees(const Alone& alone) {
  Topology out = after_failover(three_shards());
  out.marks.set(range(0, 99), *alone.state.applied()->marks.find({0}));
  for (auto entry : PartitionMap<Mark>(out.marks))
    if (entry.range.first.value == 0) entry.value.last_healthy_ms = 77, out.marks.set(entry.range, entry.value);
  return out;
}

}  // namespace

TEST_CASE("while a detector beats nobody else looks, and without one a controller that is to keep does not either") {
  Alone alone;
  alone.pass_with(seconds(30));
  REQUIRE(alone.looks == 0);
  REQUIRE_FALSE(alone.state.looks().looking);
  ControllerState keeping({"c", "nb", 1, 7}, alone.loop.now());
  keeping.on_publication(alone.d1.publish(three_shards()), alone.loop.now());
  for (int i = 0; i < 3000; ++i) REQUIRE_FALSE(keeping.on_tick(alone.loop.now() + i * milliseconds(20)).look);
}

TEST_CASE("nothing has changed: a controller without a detector looks, applies nothing, tells nothing") {
  Alone alone;
  alone.pass(seconds(30));
  REQUIRE(alone.looks >= 19);
  REQUIRE(alone.looks <= 21);
  REQUIRE(alone.restarts.empty());
  REQUIRE(alone.state.applied()->claims == three_shards().claims);
  REQUIRE(alone.state.looks().trouble.empty());
}

TEST_CASE("a failover without a detector is seen, applied, and told once, with the mark that a detector would set") {
  Alone alone;
  alone.pass(seconds(12));
  alone.failover();
  alone.pass(seconds(5));
  REQUIRE(alone.owner() == "r1");
  REQUIRE(alone.state.applied()->generation == 1);
  REQUIRE(alone.restarts == std::vector<PartitionSet>{set_of({range(0, 99)})});
  const Mark* mark = alone.state.applied()->marks.find({0});
  REQUIRE(mark->epoch.value == 4);
  REQUIRE(mark->cause == Cause::failover);
  REQUIRE(mark->old_owner.value == "p1");
  REQUIRE(mark->replid == alone.cluster.node("r1").replid);
  REQUIRE(mark->last_healthy_ms == 999'999);  // of the answer, which was asked for a moment before the look ended
}

TEST_CASE("a restart in place without a detector is told too") {
  Alone alone;
  alone.pass(seconds(12));
  alone.cluster.start("p2");
  alone.pass(seconds(3));
  REQUIRE(alone.restarts == std::vector<PartitionSet>{set_of({range(100, 199)})});
}

TEST_CASE("a failover there and back before the first look is told (C5), a stream that is only renamed is not") {
  Alone renamed;
  renamed.cluster.node("p2").replid = {"renamed"};
  renamed.pass(seconds(15));
  REQUIRE(renamed.looks > 0);
  REQUIRE(renamed.restarts.empty());
  Alone back;
  back.cluster.elect("r2", "p2");
  back.loop.advance(seconds(1));
  back.cluster.elect("p2", "r2");
  back.pass(seconds(15));
  REQUIRE(back.restarts == std::vector<PartitionSet>{set_of({range(100, 199)})});
}

TEST_CASE("an answer of a life that the detector has seen end is no restart") {
  Alone alone;
  Topology told = three_shards();
  for (auto& node : told.nodes)
    if (node.id.value == "p2") node.predecessors = {node.run_id}, node.run_id = {"life-after"};
  alone.take(alone.state.on_publication(alone.d1.publish(told), alone.loop.now()));
  alone.pass(seconds(15));
  REQUIRE(alone.looks > 0);
  REQUIRE(alone.restarts.empty());
  REQUIRE(alone.state.applied()->node({"p2"})->run_id.value == "life-after");
}

TEST_CASE("a migration without a detector moves the route, and nobody is told to write again") {
  Alone alone;
  alone.pass(seconds(12));
  alone.cluster.migrate(range(0, 9), "p1", "p2");
  alone.pass(seconds(8));
  REQUIRE(alone.owner() == "p2");
  REQUIRE(alone.restarts.empty());
}

TEST_CASE("a minority is not believed: one primary in reach changes nothing, whatever it says") {
  Alone alone;
  alone.pass(seconds(12));
  alone.out_of_reach = {"p2", "p3", "r2", "r3"};
  alone.cluster.take_over_alone("r1", {range(0, 99)}, 9);
  alone.pass(seconds(30));
  REQUIRE(alone.owner() == "p1");
  REQUIRE(alone.restarts.empty());
  REQUIRE(alone.state.looks().trouble == "only 1 of 3 primaries answer");
  alone.out_of_reach.clear();
  alone.cluster.spread("r1");
  alone.pass(seconds(3));
  REQUIRE(alone.owner() == "r1");
  REQUIRE(alone.state.looks().trouble.empty());
}

TEST_CASE("partitions that nobody owns any more wait for a detector: a turn of an epoch is not taken alone") {
  Alone alone;
  alone.pass(seconds(12));
  for (auto& [id, node] : alone.cluster.nodes()) {
    if (id.value == "p1") node.self.owns = {range(10, 99)};
    if (id.value != "p1") node.others[{"p1"}].owns = {range(10, 99)};
  }
  alone.pass(seconds(5));
  REQUIRE(alone.owner() == "p1");
}

TEST_CASE("a detector that is back and has seen the same: nothing is applied twice, nothing told twice") {
  Alone alone;
  alone.pass(seconds(12));
  alone.failover();
  alone.pass(seconds(5));
  const auto looks = alone.looks;
  alone.back(three_shards());  // what it had stored
  REQUIRE(alone.owner() == "r1");
  alone.pass_with(seconds(1), DetectorStatus::degraded);
  alone.take(alone.state.on_publication(alone.d1.publish(as_a_detector_sees(alone)), alone.loop.now()));
  alone.pass_with(seconds(30));
  REQUIRE(alone.owner() == "r1");
  REQUIRE(alone.restarts.size() == 1);
  REQUIRE(alone.looks == looks);
  REQUIRE_FALSE(alone.state.looks().looking);
  REQUIRE(*alone.state.applied() == *alone.d1.last.topology);
}

TEST_CASE("a detector that is back and does not see what was concluded without it is followed after its time") {
  Alone alone;
  alone.pass(seconds(12));
  alone.failover();
  alone.pass(seconds(5));
  alone.back(three_shards());
  alone.pass_with(seconds(60), DetectorStatus::degraded);  // it sees nothing at all: no reason to follow it
  REQUIRE(alone.owner() == "r1");
  alone.pass_with(seconds(9));
  REQUIRE(alone.owner() == "r1");
  alone.pass_with(seconds(3));
  REQUIRE(alone.owner() == "p1");
  REQUIRE(alone.restarts.size() == 2);  // it was told of a change that has become another one
}

TEST_CASE("a detector in a higher generation overrules at once what was concluded without it") {
  Alone alone;
  alone.pass(seconds(12));
  alone.failover();
  alone.pass(seconds(5));
  alone.back(three_shards(2));
  REQUIRE(alone.owner() == "p1");
  REQUIRE(alone.state.applied()->generation == 2);
}

TEST_CASE("without any detector ever the topology that was read is looked after: routes only, generation 0") {
  Alone alone;
  alone.state = ControllerState(self_detecting(), alone.loop.now());
  Topology read = three_shards();
  while (!alone.state.on_tick(alone.loop.now()).read_topology) alone.loop.advance(milliseconds(20));
  alone.take(alone.state.on_self_read(read, alone.loop.now()));
  alone.failover();
  alone.pass(seconds(60));  // the fleet may be a thousand
  REQUIRE(alone.owner() == "r1");
  REQUIRE(alone.state.applied()->generation == 0);
  REQUIRE(alone.state.applied()->marks.empty());
  REQUIRE(alone.restarts.empty());
}

TEST_CASE("a look that comes back after a detector has been heard is of no use any more") {
  Alone alone;
  alone.pass(seconds(12));
  alone.failover();
  alone.loop.advance(seconds(1));
  alone.take(alone.state.on_beat(alone.d1.beat(), alone.loop.now()));
  std::vector<Endpoint> nodes;
  for (const auto& [id, node] : alone.cluster.nodes()) nodes.push_back(node.self.endpoint);
  alone.look(nodes);
  REQUIRE(alone.owner() == "p1");
}
