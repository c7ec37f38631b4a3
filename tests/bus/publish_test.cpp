// One or two detectors and a controller on real sockets.

#include <unistd.h>

#include <dbha/error.hpp>

#include "bus_fixture.hpp"

using namespace dbha;
using namespace dbha::test;

TEST_CASE_METHOD(BusFixture, "a controller hears each publication and beat, whole and in order") {
  auto d = detector();
  auto c = subscriber({d->endpoints()});
  REQUIRE(meet(*d, *c));
  c->beats.clear();
  auto topology = three_shards();
  for (std::uint64_t epoch = 10; epoch < 30; ++epoch) {
    topology.claims.set({{0}, {5460}}, {{epoch}, 0, node_id(4)});
    const auto version = version_of(topology, epoch);
    d->publisher->publish(version, std::make_shared<const Topology>(topology));
    auto beat = beat_of(version);
    beat.reach = {node_id(1), node_id(4)};
    d->publisher->beat(beat);
  }
  REQUIRE(until([&] { return c->publications.size() == 20 && !c->beats.empty() && c->beats.back().version.known(); }));
  CHECK(*c->publications.back().topology == topology);
  CHECK(c->publications.back().version == version_of(topology, 29));
  CHECK(c->publications.back().stamp.detector == "d1");
  CHECK(c->publications.back().stamp.start == 1000);
  for (std::size_t i = 1; i < c->publications.size(); ++i)
    CHECK(c->publications[i].stamp.sequence == c->publications[i - 1].stamp.sequence + 2);
  CHECK(c->beats.back().stamp.sequence == c->publications.back().stamp.sequence + 1);
  CHECK(c->beats.back().reach == std::vector{node_id(1), node_id(4)});
  CHECK(c->garbage.empty());
}

TEST_CASE_METHOD(BusFixture, "a late controller gets the last topology and beat by a snapshot") {
  auto d = detector();
  const auto topology = std::make_shared<const Topology>(three_shards());
  const auto version = version_of(*topology, 5);
  d->publisher->publish(version, topology);
  auto beat = beat_of(version);
  beat.reach = {node_id(3)};
  d->publisher->beat(beat);
  auto c = subscriber({d->endpoints()});
  c->subscriber->request_snapshot(0);
  REQUIRE(until([&] { return !c->snapshots.empty(); }));
  const auto& [index, snapshot] = c->snapshots.front();
  CHECK(index == 0);
  CHECK(*snapshot.publication.topology == *topology);
  CHECK(snapshot.publication.version == version);
  CHECK(snapshot.publication.stamp == Stamp{"d1", 1000, 1});
  CHECK(snapshot.beat.stamp == Stamp{"d1", 1000, 2});
  CHECK(snapshot.beat.reach == beat.reach);
  CHECK(d->hellos == std::vector<std::string>{"c1"});
}

TEST_CASE_METHOD(BusFixture,
                 "a snapshot of a detector without a topology bears its beat, and is refused before the first one") {
  auto d = detector();
  auto c = subscriber({d->endpoints()});
  c->subscriber->request_snapshot(0);
  REQUIRE(until([&] { return !c->refusals.empty(); }));
  CHECK(c->refusals.front().second > 0ms);
  d->publisher->beat(beat_of({}, DetectorStatus::starting));
  c->subscriber->request_snapshot(0);
  REQUIRE(until([&] { return !c->snapshots.empty(); }));
  CHECK(c->snapshots.front().second.publication.topology == nullptr);
  CHECK(c->snapshots.front().second.beat.status == DetectorStatus::starting);
}

TEST_CASE_METHOD(BusFixture, "a second request replaces the first, and one answer comes") {
  auto d = detector();
  d->publisher->beat(beat_of({}, DetectorStatus::starting));
  auto c = subscriber({d->endpoints()});
  c->subscriber->request_snapshot(0);
  c->subscriber->request_snapshot(0);
  REQUIRE(until([&] { return !d->hellos.empty() && !c->snapshots.empty(); }));
  REQUIRE(meet(*d, *c));  // what was on its way is there
  CHECK(c->snapshots.size() == 1);
}

TEST_CASE_METHOD(BusFixture, "an ack goes to the detector it names, a hint to all") {
  auto d1 = detector("d1");
  auto d2 = detector("d2");
  auto c = subscriber({d1->endpoints(), d2->endpoints()});
  c->subscriber->send_ack({"c1", "d2", 1000, {}, 0});  // never heard: dropped
  REQUIRE(meet(*d1, *c, "d1"));
  REQUIRE(meet(*d2, *c, "d2"));
  c->subscriber->send_ack({"c1", "d2", 1000, {1, {3}, 5}, 2});
  c->subscriber->send_hint({HintKind::redirected, node_id(1), {"10.0.0.1", 7000}, Partition{42}});
  REQUIRE(until([&] { return !d1->hints.empty() && !d2->hints.empty() && !d2->acks.empty(); }));
  CHECK(d1->acks.empty());
  REQUIRE(d2->acks.size() == 1);
  CHECK(d2->acks[0].controller == "c1");
  CHECK(d2->acks[0].applied == Version{1, {3}, 5});
  CHECK(d2->acks[0].pending == 2);
  CHECK(d1->hints[0].first == "c1");
  CHECK(d1->hints[0].second.kind == HintKind::redirected);
  CHECK(d1->hints[0].second.node == node_id(1));
  CHECK(d1->hints[0].second.partition == Partition{42});
  CHECK(log.contains("ack_dropped detector=d2"));
}

TEST_CASE_METHOD(BusFixture, "after a detector's restart the controller is connected again and hears the new start") {
  auto d = detector("d1", 1000);
  auto c = subscriber({d->endpoints()});
  REQUIRE(meet(*d, *c, "d1", 1000));
  const auto at = d->endpoints();
  d.reset();
  REQUIRE(until([&] {  // the port is free when ZeroMQ's I/O thread has closed it
    try {
      d = detector("d1", 2000, at);
    } catch (const StartError&) {
      return false;
    }
    return true;
  }));
  REQUIRE(meet(*d, *c, "d1", 2000));
  CHECK(c->beats.back().stamp.start == 2000);
  c->subscriber->send_ack({"c1", "d1", 2000, {}, 0});
  REQUIRE(until([&] { return !d->acks.empty(); }));
}

TEST_CASE_METHOD(BusFixture, "a burst of acks is spread over turns of the loop, and none is lost") {
  auto d = detector();
  std::vector<std::unique_ptr<Subscriber>> fleet;
  for (int i = 0; i < 40; ++i) fleet.push_back(subscriber({d->endpoints()}, "c" + std::to_string(i)));
  for (const auto& c : fleet) REQUIRE(meet(*d, *c));
  for (const auto& c : fleet)
    for (std::uint64_t i = 0; i < 25; ++i) c->subscriber->send_ack({"c", "d1", i, {}, 0});
  REQUIRE(until([&] { return d->acks.size() >= 1000; }));
  CHECK(d->acks.size() == 1000);
}

TEST_CASE_METHOD(BusFixture, "a topology that every subscriber would refuse is not sent, and the log says why") {
  auto d = detector();
  auto c = subscriber({d->endpoints()});
  auto topology = three_shards();
  std::swap(topology.nodes[0], topology.nodes[1]);
  d->publisher->publish({1, {1}, 1}, std::make_shared<const Topology>(topology));
  CHECK(log.contains("publication_refused reason=node " + node_id(1).value + " is out of order"));
  REQUIRE(meet(*d, *c));
  CHECK(c->publications.empty());
}

TEST_CASE_METHOD(BusFixture, "a listener may ask again from inside an answer, and destroy the subscriber") {
  struct Leaver final : BusSubscriberListener {
    std::unique_ptr<BusSubscriber> subscriber;
    int answers = 0;
    void on_publication(Publication) override {}
    void on_beat(Beat) override {}
    void on_snapshot(std::size_t, Snapshot) override {
      if (++answers == 1) return subscriber->request_snapshot(0);
      subscriber.reset();
    }
    void on_snapshot_refused(std::size_t, Duration) override {}
    void on_garbage(std::string) override {}
  } leaver;
  auto d = detector();
  d->publisher->beat(beat_of({}, DetectorStatus::starting));
  leaver.subscriber = bus::open_subscriber(context, loop, log, leaver, {"nb", "c1", {d->endpoints()}, 10s, false});
  leaver.subscriber->request_snapshot(0);
  REQUIRE(until([&] { return leaver.subscriber == nullptr; }));
  CHECK(leaver.answers == 2);
}

TEST_CASE_METHOD(BusFixture, "IPv6 and ipc endpoints carry the bus as well") {
  const std::string dir = "/tmp/dbha-bus-" + std::to_string(getpid());
  const auto at = GENERATE_COPY(bus::DetectorEndpoints{"tcp://[::1]:*", "tcp://[::1]:*"},
                                bus::DetectorEndpoints{"ipc://" + dir + ".publish", "ipc://" + dir + ".control"});
  auto d = detector("d1", 1000, at);
  auto c = subscriber({d->endpoints()});
  REQUIRE(meet(*d, *c));
  c->subscriber->request_snapshot(0);
  REQUIRE(until([&] { return !c->snapshots.empty(); }));
}
