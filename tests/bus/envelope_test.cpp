// A detector has lost what it had published, and asks who holds it. The envelope comes back as it was published.

#include <zmq.hpp>

#include "bus_fixture.hpp"
#include "envelope_codec.hpp"
#include "upstream_codec.hpp"
#include "wire_limits.hpp"

using namespace dbha;
using namespace dbha::test;
using Catch::Matchers::Contains;

namespace {

Publication sample_publication() {
  const auto topology = std::make_shared<const Topology>(three_shards());
  return {{"d0", 7, 3}, version_of(*topology, 5), topology};
}

/// A member of the fleet that sends whatever it is told.
class RogueHolder {
 public:
  explicit RogueHolder(const Detector& detector) : socket_(zmq_, zmq::socket_type::xsub) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(detector.publisher->publish_endpoint());
  }
  void send(std::string_view bytes) { socket_.send(zmq::buffer(bytes)); }
  void give_back(std::string envelope) { send(bus::encode("nb", bus::EnvelopeFrom{"rogue", std::move(envelope)})); }

 private:
  zmq::context_t zmq_;
  zmq::socket_t socket_;
};

/// The log bears one line of rubbish in ten seconds: so each has a detector of its own.
std::string reason_for(const std::string& envelope) {
  BusFixture bus;
  auto d = bus.detector();
  RogueHolder rogue(*d);
  rogue.give_back(envelope);
  REQUIRE(bus.until([&] { return bus.log.contains("bus_garbage"); }));
  CHECK(d->envelopes.empty());
  return bus.log.lines().back();
}

}  // namespace

TEST_CASE_METHOD(BusFixture, "what a subscriber heard it gives back to another detector, in the very bytes") {
  auto d1 = detector("d1");
  auto d2 = detector("d2");
  auto c = subscriber({d1->endpoints(), d2->endpoints()});
  REQUIRE(meet(*d1, *c, "d1"));
  REQUIRE(meet(*d2, *c, "d2"));
  const auto topology = std::make_shared<const Topology>(three_shards());
  d1->publisher->publish(version_of(*topology, 5), topology);
  REQUIRE(until([&] { return !c->publications.empty(); }));
  const Publication& heard = c->publications.front();
  REQUIRE(heard.envelope);
  CHECK(*heard.envelope == bus::encode("nb", Publication{heard.stamp, heard.version, topology}));

  c->subscriber->send_envelope("d2", heard);
  REQUIRE(until([&] { return !d2->envelopes.empty(); }));
  const auto& [holder, returned] = d2->envelopes.front();
  CHECK(holder == "c1");
  CHECK(returned.stamp == heard.stamp);  // of d1: who gives it back adds nothing
  CHECK(returned.version == heard.version);
  CHECK(*returned.topology == *topology);
  REQUIRE(returned.envelope);
  CHECK(*returned.envelope == *heard.envelope);
  CHECK(d1->envelopes.empty());
}

TEST_CASE_METHOD(BusFixture, "an envelope out of a snapshot can be given back too, to who published it") {
  auto d = detector();
  const auto topology = std::make_shared<const Topology>(three_shards());
  d->publisher->publish(version_of(*topology, 5), topology);
  auto c = subscriber({d->endpoints()});
  REQUIRE(meet(*d, *c));
  c->subscriber->request_snapshot(0);
  REQUIRE(until([&] { return !c->snapshots.empty(); }));
  c->subscriber->send_envelope("d1", c->snapshots.front().second.publication);
  REQUIRE(until([&] { return !d->envelopes.empty(); }));
  CHECK(*d->envelopes.front().second.topology == *topology);
}

TEST_CASE_METHOD(BusFixture, "without an envelope, or to a detector never heard, nothing is sent") {
  auto d = detector();
  auto c = subscriber({d->endpoints()});
  REQUIRE(meet(*d, *c));
  auto publication = sample_publication();
  c->subscriber->send_envelope("d1", publication);
  publication.envelope = std::make_shared<const std::string>(bus::encode("nb", publication));
  c->subscriber->send_envelope("never heard", publication);
  c->subscriber->send_ack({"c1", "d1", 1000, {}, 0});  // on the same connection, so what was sent before is there
  REQUIRE(until([&] { return !d->acks.empty(); }));
  CHECK(d->envelopes.empty());
  CHECK_FALSE(log.contains("bus_garbage"));
}

TEST_CASE("what comes back as an envelope and is none is thrown away with its reason") {
  auto publication = sample_publication();
  auto beat = beat_of({});
  beat.stamp = {"d0", 7, 3};
  CHECK_THAT(reason_for(bus::encode("nb2", publication)), Contains("from rogue: cluster nb2, expected nb"));
  CHECK_THAT(reason_for("rubbish"), Contains("from rogue: not an envelope"));
  CHECK_THAT(reason_for(""), Contains("from rogue: protocol version 0"));
  CHECK_THAT(reason_for(bus::encode("nb", beat, {})), Contains("from rogue: an envelope without a publication"));
  publication.stamp.sequence = 0;
  CHECK_THAT(reason_for(bus::encode("nb", publication)), Contains("from rogue: sequence 0, expected 1 or more"));
}

TEST_CASE_METHOD(BusFixture, "an envelope beyond the cap ends its sender's connection, and others give theirs back") {
  auto d = detector();
  RogueHolder rogue(*d);
  rogue.give_back(std::string(bus::max_envelope_bytes, 'x'));
  rogue.send(bus::encode("nb", Ack{"rogue", "d1", 1000, {}, 0}));
  auto c = subscriber({d->endpoints()});
  REQUIRE(meet(*d, *c));
  auto publication = sample_publication();
  publication.envelope = std::make_shared<const std::string>(bus::encode("nb", publication));
  c->subscriber->send_envelope("d1", publication);
  REQUIRE(until([&] { return !d->envelopes.empty(); }));
  CHECK(d->envelopes.size() == 1);
  CHECK(d->envelopes.front().first == "c1");
}

TEST_CASE_METHOD(BusFixture, "an envelope of ten megabytes is published, heard and given back") {
  Topology greatest{.generation = 1, .partitions = bus::max_partitions, .nodes = {}, .claims = {}, .marks = {}};
  for (unsigned n = 0; n < bus::max_nodes; ++n) {
    Node node;
    node.id = node_id(10000 + n);
    node.endpoint = {std::string(bus::max_text, 'h'), 7000};
    node.predecessors.assign(max_predecessors, {std::string(40, 'p')});
    greatest.nodes.push_back(std::move(node));
  }
  for (std::uint32_t r = 0; r < bus::max_ranges; ++r) {
    const PartitionRange range{{r * 2}, {r * 2}};
    greatest.claims.set(range, {{r}, 0, node_id(10000 + r % bus::max_nodes)});
    Mark mark;
    mark.epoch = {r};
    mark.owner = node_id(10000 + r % bus::max_nodes);
    greatest.marks.set(range, mark);
  }
  auto d = detector();
  auto c = subscriber({d->endpoints()});
  REQUIRE(meet(*d, *c));
  d->publisher->publish({1, {1}, 1}, std::make_shared<const Topology>(greatest));
  REQUIRE(until([&] { return !c->publications.empty(); }));
  REQUIRE(c->publications.front().envelope);
  CHECK(c->publications.front().envelope->size() > 10'000'000);
  c->subscriber->send_envelope("d1", c->publications.front());
  REQUIRE(until([&] { return !d->envelopes.empty(); }));
  CHECK(*d->envelopes.front().second.topology == greatest);
}

TEST_CASE_METHOD(BusFixture, "a detector that says hello is told from a member of the fleet") {
  auto d = detector("d1");
  d->publisher->beat(beat_of({}, DetectorStatus::starting));
  auto c = subscriber({d->endpoints()}, "c1");
  Subscriber peer;
  peer.subscriber = bus::open_subscriber(context, loop, log, peer, {"nb", "d2", {d->endpoints()}, 10s, true});
  c->subscriber->request_snapshot(0);
  peer.subscriber->request_snapshot(0);
  REQUIRE(until([&] { return !c->snapshots.empty() && !peer.snapshots.empty(); }));
  CHECK(d->hellos == std::vector<std::string>{"c1"});
  CHECK(d->peers == std::vector<std::string>{"d2"});
}
