// Peers that speak rubbish. A controller counts it and goes on; a detector logs it and goes on.

#include <zmq.hpp>

#include "bus_fixture.hpp"
#include "envelope_codec.hpp"
#include "proto/dbha.pb.h"
#include "wire_limits.hpp"

using namespace dbha;
using namespace dbha::test;
using Catch::Matchers::Contains;

namespace {

/// A publisher that sends whatever it is told, to all who connect, whatever they subscribed to.
class Rogue {
 public:
  Rogue() : publish_(zmq_, zmq::socket_type::xpub), control_(zmq_, zmq::socket_type::router) {
    publish_.set(zmq::sockopt::xpub_manual, true);
    publish_.set(zmq::sockopt::linger, 0);
    control_.set(zmq::sockopt::linger, 0);
    publish_.bind("tcp://127.0.0.1:*");
    control_.bind("tcp://127.0.0.1:*");
  }
  bus::DetectorEndpoints endpoints() {
    return {publish_.get(zmq::sockopt::last_endpoint), control_.get(zmq::sockopt::last_endpoint)};
  }
  /// True when a subscriber came; it gets everything.
  bool accept() {
    zmq::message_t subscription;
    if (!publish_.recv(subscription, zmq::recv_flags::dontwait)) return false;
    if (subscription.to_string_view().front() != 1) return false;  // the end of one
    publish_.set(zmq::sockopt::subscribe, "");
    return true;
  }
  void publish(const std::vector<std::string>& frames) { send(publish_, frames); }
  /// Answers one hello; false if there is none yet.
  bool answer(std::vector<std::string> frames) {
    zmq::message_t identity;
    zmq::message_t hello;
    if (!control_.recv(identity, zmq::recv_flags::dontwait)) return false;
    (void)control_.recv(hello);
    frames.insert(frames.begin(), identity.to_string());
    send(control_, frames);
    return true;
  }

 private:
  static void send(zmq::socket_t& socket, const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i)
      socket.send(zmq::buffer(frames[i]), i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
  zmq::context_t zmq_;
  zmq::socket_t publish_;
  zmq::socket_t control_;
};

std::string valid_beat(std::string_view cluster = "nb") {
  auto beat = beat_of({});
  beat.stamp = {"rogue", 1, 1};
  return bus::encode(cluster, beat, {});
}

std::string with_protocol(std::string bytes, std::uint32_t protocol) {
  wire::Envelope envelope;
  REQUIRE(envelope.ParseFromString(bytes));
  envelope.set_protocol(protocol);
  return envelope.SerializeAsString();
}

}  // namespace

TEST_CASE_METHOD(BusFixture, "rubbish on the bus is reported with its reason, and nothing of it is used") {
  Rogue rogue;
  auto c = subscriber({rogue.endpoints()});
  REQUIRE(until([&] { return rogue.accept(); }));
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"HA/nb/"}, "a message of 1 frames"},
      {{"HA/nb/", "x", "y"}, "a message of 3 frames"},
      {{"HA/nb/", "rubbish"}, "not an envelope"},
      {{"HA/nb/", ""}, "protocol version 0"},
      {{"HA/nb2/", valid_beat()}, "another topic than HA/nb/"},
      {{"HA/nb/x", valid_beat()}, "another topic than HA/nb/"},
      {{"HA/nb/", valid_beat("nb2")}, "cluster nb2, expected nb"},
      {{"HA/nb/", with_protocol(valid_beat(), 9)}, "protocol version 9"},
      {std::vector<std::string>(100, "frame"), "frames"},
  };
  for (const auto& [frames, reason] : cases) {
    c->garbage.clear();
    rogue.publish(frames);
    REQUIRE(until([&] { return !c->garbage.empty(); }));
    CHECK_THAT(c->garbage.front(), Contains(reason) && Contains(rogue.endpoints().publish));
  }
  CHECK(c->beats.empty());
  CHECK(c->publications.empty());
  rogue.publish({"HA/nb/", valid_beat()});
  CHECK(until([&] { return c->beats.size() == 1; }));
}

TEST_CASE_METHOD(BusFixture, "a flood of rubbish is one line in the log, with a count") {
  Rogue rogue;
  auto c = subscriber({rogue.endpoints()});
  REQUIRE(until([&] { return rogue.accept(); }));
  for (int i = 0; i < 50; ++i) rogue.publish({"HA/nb/", "rubbish"});
  REQUIRE(until([&] { return c->garbage.size() == 50; }));
  CHECK(log.lines().size() == 1);
  CHECK(log.contains("bus_garbage endpoint=" + rogue.endpoints().publish + " reason=not an envelope"));
}

TEST_CASE_METHOD(BusFixture, "a peer that invents detectors is not remembered without end") {
  Rogue rogue;
  auto c = subscriber({rogue.endpoints()});
  REQUIRE(until([&] { return rogue.accept(); }));
  auto beat = beat_of({});
  for (int i = 0; i < 70; ++i) {
    beat.stamp = {"invented" + std::to_string(i), 1, 1};
    rogue.publish({"HA/nb/", bus::encode("nb", beat, {})});
    REQUIRE(until([&] { return c->beats.size() + c->garbage.size() == static_cast<std::size_t>(i) + 1; }));
  }
  CHECK(c->beats.size() == 64);
  CHECK_THAT(c->garbage.back(), Contains("one more than the 64 known"));
}

TEST_CASE_METHOD(BusFixture, "a frame beyond the cap ends the connection, and the controller comes back for more") {
  Rogue rogue;
  auto c = subscriber({rogue.endpoints()}, "c1", 100ms);
  REQUIRE(until([&] { return rogue.accept(); }));
  rogue.publish({"HA/nb/", std::string(bus::max_envelope_bytes + 1, 'x')});
  REQUIRE(until([&] { return rogue.accept(); }));
  rogue.publish({"HA/nb/", valid_beat()});
  REQUIRE(until([&] {
    if (rogue.accept()) rogue.publish({"HA/nb/", valid_beat()});  // each silence of 100 ms ends in a new connection
    return !c->beats.empty();
  }));
  CHECK(c->garbage.empty());
}

TEST_CASE_METHOD(BusFixture, "a rubbish answer to a hello is reported and ends the request") {
  Rogue rogue;
  auto c = subscriber({rogue.endpoints()});
  const std::string accepted("\x08\x01", 2);  // a SnapshotReply of protocol 1 without a refusal
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"rubbish"}, "not an answer to a hello"},
      {{""}, "protocol version 0"},
      {{accepted}, "a snapshot of 1 frames, expected 3"},
      {{accepted, "", "rubbish"}, "not an envelope"},
      {{accepted, "rubbish", valid_beat()}, "not an envelope"},
      {{accepted, valid_beat(), valid_beat()}, "a snapshot without a publication"},
      {{accepted, "", valid_beat("nb2")}, "cluster nb2, expected nb"},
  };
  for (const auto& [frames, reason] : cases) {
    c->garbage.clear();
    c->subscriber->request_snapshot(0);
    REQUIRE(until([&] { return rogue.answer(frames); }));
    REQUIRE(until([&] { return !c->garbage.empty(); }));
    CHECK_THAT(c->garbage.front(), Contains(reason));
  }
  CHECK(c->snapshots.empty());
  CHECK(c->refusals.empty());
}

TEST_CASE_METHOD(BusFixture, "a controller of another cluster is told so, and hears nothing") {
  auto d = detector("d1", 1000, {"tcp://127.0.0.1:*", "tcp://127.0.0.1:*"}, "nb2");
  auto c = subscriber({d->endpoints()});
  d->publisher->beat(beat_of({}));
  c->subscriber->request_snapshot(0);
  REQUIRE(until([&] { return !c->garbage.empty(); }));
  CHECK_THAT(c->garbage.front(), Contains("cluster nb of controller c1, expected nb2"));
  CHECK(c->beats.empty());
  CHECK(d->hellos.empty());
}

TEST_CASE_METHOD(BusFixture, "rubbish from a controller is logged by the detector, which goes on") {
  auto d = detector();
  zmq::context_t zmq;
  zmq::socket_t peer(zmq, zmq::socket_type::xsub);
  zmq::socket_t caller(zmq, zmq::socket_type::dealer);
  peer.set(zmq::sockopt::linger, 0);
  caller.set(zmq::sockopt::linger, 0);
  peer.connect(d->publisher->publish_endpoint());
  caller.connect(d->publisher->control_endpoint());
  peer.send(zmq::str_buffer("rubbish"));
  caller.send(zmq::str_buffer("rubbish"));
  caller.send(zmq::buffer(std::string(bus::max_hello_bytes + 1, 'x')));
  REQUIRE(until([&] {
    return log.contains("bus_garbage endpoint=" + d->publisher->publish_endpoint()) ||
           log.contains("bus_garbage endpoint=" + d->publisher->control_endpoint());
  }));
  auto c = subscriber({d->endpoints()});
  REQUIRE(meet(*d, *c));
  c->subscriber->request_snapshot(0);
  REQUIRE(until([&] { return !c->snapshots.empty(); }));
  CHECK(d->acks.empty());
  CHECK(d->hints.empty());
}
