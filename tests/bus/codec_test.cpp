// Values to bytes and back, and what is refused with which words.

#include "dbha_bus/publisher.hpp"
#include "envelope_codec.hpp"
#include "proto/dbha.pb.h"
#include "samples.hpp"
#include "support/catch.hpp"
#include "upstream_codec.hpp"
#include "wire_limits.hpp"

using namespace dbha;
using namespace dbha::bus;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Refusal decode_holding(std::string_view bytes, const Publication& held, Downstream& to) {
  return decode(
      bytes, "nb", [&](const std::string&) { return &held; }, to);
}

std::string why(std::string_view bytes) {
  Downstream unused;
  return decode(
             bytes, "nb", [](const std::string&) { return nullptr; }, unused)
      .value_or("accepted");
}

/// An envelope around three shards, after `change` has made one thing wrong.
template <class Change>
std::string changed_topology(Change change) {
  wire::Envelope envelope;
  wire::Content content;
  const auto topology = std::make_shared<const Topology>(test::three_shards());
  REQUIRE(envelope.ParseFromString(encode("nb", Publication{{"d1", 7, 1}, test::version_of(*topology, 1), topology})));
  REQUIRE(content.ParseFromString(envelope.content()));
  change(*content.mutable_publication()->mutable_topology());
  envelope.set_content(content.SerializeAsString());
  return envelope.SerializeAsString();
}

}  // namespace

TEST_CASE("a thousand topologies come back as they were") {
  test::Samples samples(1);
  for (int i = 0; i < 1000; ++i) {
    const auto sent = samples.publication();
    Downstream got;
    REQUIRE(decode_holding(encode("nb", sent), {}, got) == Refusal());
    const auto& received = std::get<Publication>(got);
    REQUIRE(received.stamp == sent.stamp);
    REQUIRE(received.version == sent.version);
    REQUIRE(*received.topology == *sent.topology);
  }
}

TEST_CASE("a thousand beats come back as they were to who holds the topology they are about") {
  test::Samples samples(2);
  for (int i = 0; i < 1000; ++i) {
    const auto held = samples.publication();
    const auto sent = samples.beat(held);
    Downstream message;
    REQUIRE(decode_holding(encode("nb", sent, held), held, message) == Refusal());
    auto& got = std::get<Beat>(message);
    std::sort(got.reach.begin(), got.reach.end());
    REQUIRE(got.stamp == sent.stamp);
    REQUIRE(got.version == sent.version);
    REQUIRE(got.status == sent.status);
    REQUIRE(got.reason == sent.reason);
    REQUIRE(got.reach == sent.reach);
    REQUIRE(got.vouched == sent.vouched);
    REQUIRE(got.controllers == sent.controllers);
    REQUIRE(got.resync_window == sent.resync_window);
    REQUIRE(got.suspects == sent.suspects);
    REQUIRE(got.envelopes_wanted == sent.envelopes_wanted);
  }
}

TEST_CASE("the reach of a beat is empty to who holds another topology than it is about") {
  const auto topology = std::make_shared<const Topology>(test::three_shards());
  const Publication held{{"d1", 7, 1}, test::version_of(*topology, 1), topology};
  const Publication other{{"d1", 7, 2}, test::version_of(*topology, 2), topology};
  auto beat = test::beat_of(held.version);
  beat.stamp = {"d1", 7, 2};
  beat.reach = {test::node_id(2)};
  Downstream got;
  REQUIRE(decode_holding(encode("nb", beat, held), other, got) == Refusal());
  CHECK(std::get<Beat>(got).reach.empty());
  REQUIRE(decode_holding(encode("nb", beat, held), held, got) == Refusal());
  CHECK(std::get<Beat>(got).reach == beat.reach);
}

TEST_CASE("the reach of a hundred nodes costs a beat 13 bytes, not 4 kB") {
  Topology topology;
  Publication held{{"d1", 7, 1}, {1, {1}, 1}, nullptr};
  Beat empty = test::beat_of(held.version);
  Beat full = empty;
  for (unsigned n = 100; n < 200; ++n) {
    topology.nodes.push_back({});
    topology.nodes.back().id = test::node_id(n);
    full.reach.push_back(test::node_id(n));
  }
  held.topology = std::make_shared<const Topology>(topology);
  CHECK(encode("nb", full, held).size() == encode("nb", empty, held).size());
  CHECK(encode("nb", full, held).size() < 100);
}

TEST_CASE("a reason with anything in it is sent as plain text") {
  auto beat = test::beat_of({}, DetectorStatus::degraded);
  beat.stamp = {"d1", 7, 1};
  beat.reason = "node said \"\xff\n\"" + std::string(600, '!');
  Downstream got;
  REQUIRE(decode_holding(encode("nb", beat, {}), {}, got) == Refusal());
  CHECK(std::get<Beat>(got).reason.substr(0, 15) == "node said \"??\"!");
  CHECK(std::get<Beat>(got).reason.size() == max_text);
}

TEST_CASE("acks, hints and hellos come back as they were, and never begin with a subscription's byte") {
  Upstream got;
  const Ack ack{"compute-17", "d1", 7, {1, {42}, 99}, 3};
  REQUIRE(decode(encode("nb", ack), "nb", got) == Refusal());
  const auto& a = std::get<Ack>(got);
  CHECK((a.controller == "compute-17" && a.detector == "d1" && a.start == 7 && a.applied == ack.applied));
  CHECK(a.pending == 3);
  CHECK(encode("nb", Ack{}).front() > 1);

  for (const auto partition : {std::optional<Partition>(), std::optional<Partition>(Partition{0})}) {
    const Hint hint{HintKind::redirected, test::node_id(1), {"10.0.0.1", 7000}, partition};
    REQUIRE(decode(encode("nb", HintFrom{"compute-17", hint}), "nb", got) == Refusal());
    const auto& h = std::get<HintFrom>(got);
    CHECK((h.controller == "compute-17" && h.hint.kind == hint.kind && h.hint.node == hint.node));
    CHECK((h.hint.endpoint == hint.endpoint && h.hint.partition == hint.partition));
  }

  const EnvelopeFrom envelope{"compute-17", std::string("\0any bytes\xff", 11)};
  REQUIRE(decode(encode("nb", envelope), "nb", got) == Refusal());
  CHECK((std::get<EnvelopeFrom>(got).controller == "compute-17" &&
         std::get<EnvelopeFrom>(got).envelope == envelope.envelope));

  Hello hello;
  for (const bool peer : {true, false}) {
    REQUIRE(decode(encode("nb", Hello{"compute-17", peer}), "nb", hello) == Refusal());
    CHECK((hello.controller == "compute-17" && hello.peer == peer));
  }

  SnapshotReply reply;
  REQUIRE(decode(encode(SnapshotReply{true, 250ms, "busy"}), reply) == Refusal());
  CHECK((reply.refused && reply.retry_after == 250ms && reply.reason == "busy"));
  REQUIRE(decode(encode(SnapshotReply{}), reply) == Refusal());
  CHECK_FALSE(reply.refused);
}

TEST_CASE("an offset of nought is known, and one that is not sent is not") {
  const auto topology = std::make_shared<Topology>(test::three_shards());
  Mark mark;
  mark.loss = Loss::possible;
  mark.old_offset = 0;
  topology->marks.set({{0}, {99}}, mark);
  const Publication sent{{"d1", 7, 1}, test::version_of(*topology, 1), topology};
  Downstream got;
  REQUIRE(decode_holding(encode("nb", sent), {}, got) == Refusal());
  const Mark* mark_got = std::get<Publication>(got).topology->marks.find({50});
  REQUIRE(mark_got);
  CHECK((mark_got->loss == Loss::possible && mark_got->old_offset == 0 && mark_got->new_offset == -1));
}

TEST_CASE("a topology that breaks a rule is refused with the rule's name") {
  using T = wire::Topology;
  CHECK_THAT(why(changed_topology([](T& t) { t.set_partitions(0); })), Contains("0 partitions, expected 1 to 1048576"));
  CHECK_THAT(why(changed_topology([](T& t) { t.set_partitions((1U << 20) + 1); })), Contains("expected 1 to 1048576"));
  CHECK_THAT(why(changed_topology([](T& t) { t.set_partitions(16383); })),
             Contains("claim 10923-16383 beyond 16383 partitions"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_claims(1)->set_first(5460); })),
             Contains("claim 5460-10922 overlaps the range before it or is out of order"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_marks()->SwapElements(0, 1); })),
             Contains("mark 0-5460 overlaps the range before it or is out of order"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_claims(0)->set_first(6000); })),
             Contains("claim 6000-5460 ends before it begins"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_nodes()->SwapElements(0, 1); })), Contains("is out of order"));
  CHECK_THAT(why(changed_topology([](T& t) { *t.mutable_nodes(1) = t.nodes(0); })), Contains("is out of order"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_nodes(2)->set_port(65536); })),
             Contains("node 2: port 65536, expected 1 to 65535"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_nodes(2)->set_port(0); })), Contains("node 2: port 0"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_nodes(0)->clear_id(); })), Contains("node 0: no node id"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_nodes(0)->set_host(std::string(513, 'x')); })),
             Contains("host of 513 bytes, at most 512 are allowed"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_nodes(0)->set_run_id("a\nb"); })),
             Contains("run id with a control character"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_nodes(0)->set_role(static_cast<wire::Role>(9)); })),
             Contains("role 9 is unknown"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_marks(0)->clear_cause(); })), Contains("cause 0 is unknown"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_marks(0)->set_last_healthy_ms(UINT64_MAX); })),
             Contains("a time beyond"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_marks(0)->set_loss(static_cast<wire::Loss>(9)); })),
             Contains("mark: loss 9 is unknown"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_marks(0)->set_old_offset(UINT64_MAX); })),
             Contains("mark: an offset beyond any stream"));
  CHECK_THAT(why(changed_topology([](T& t) { t.mutable_marks(2)->set_new_offset(UINT64_MAX); })),
             Contains("mark: an offset beyond any stream"));
  CHECK(why(changed_topology([](T&) {})) == "accepted");
}

TEST_CASE("too many of anything is refused before memory is taken for it") {
  using T = wire::Topology;
  const auto many = [](std::size_t n, auto add) {
    return why(changed_topology([&](T& t) {
      for (std::size_t i = 0; i <= n; ++i) add(t);
    }));
  };
  CHECK(many(max_nodes, [](T& t) { t.add_nodes(); }) == "4097 nodes, at most 4096 are allowed");
  CHECK(many(max_ranges, [](T& t) { t.add_claims(); }) == "65537 claims, at most 65536 are allowed");
  CHECK(many(max_ranges, [](T& t) { t.add_marks(); }) == "65537 marks, at most 65536 are allowed");
  CHECK(many(max_predecessors, [](T& t) { t.mutable_nodes(5)->add_predecessors("r"); }) ==
        "9 predecessors, at most 8 are allowed");
}

TEST_CASE("an envelope of another cluster, version or kind is refused") {
  const auto topology = std::make_shared<const Topology>(test::three_shards());
  const Publication publication{{"d1", 7, 1}, test::version_of(*topology, 1), topology};
  CHECK(why(encode("nb2", publication)) == "cluster nb2, expected nb");
  CHECK(why("") == "protocol version 0, this side speaks 1; update the older side first to a version in between");
  CHECK(why("rubbish") == "not an envelope");

  wire::Envelope envelope;
  REQUIRE(envelope.ParseFromString(encode("nb", publication)));
  envelope.set_protocol(protocol_version + 1);
  CHECK(why(envelope.SerializeAsString()) == "accepted");
  envelope.set_protocol(protocol_version + 2);
  CHECK_THAT(why(envelope.SerializeAsString()), Contains("protocol version 3, this side speaks 1"));

  wire::Content content;
  REQUIRE(content.ParseFromString(envelope.content()));
  envelope.set_protocol(protocol_version);
  const auto with = [&](auto change) {
    auto copy = content;
    change(copy);
    envelope.set_content(copy.SerializeAsString());
    return why(envelope.SerializeAsString());
  };
  CHECK(with([](auto& c) { c.clear_body(); }) == "neither a publication nor a beat");
  CHECK(with([](auto& c) { c.set_sequence(0); }) == "sequence 0, expected 1 or more");
  CHECK(with([](auto& c) { c.clear_detector(); }) == "no detector");
  CHECK(with([](auto& c) { c.mutable_beat(); }) == "status 0 is unknown");
  CHECK_THAT(with([](auto& c) {
               c.mutable_beat()->set_status(wire::STATUS_OK);
               c.mutable_beat()->set_resync_window_ms(max_window_ms + 1);
             }),
             Contains("at most a day is allowed"));
  CHECK(with([](auto& c) {
          c.mutable_beat()->set_status(wire::STATUS_SUSPECT);
          c.mutable_beat()->add_suspects("");
        }) == "no node id");
  CHECK(with([](auto& c) {
          c.mutable_beat()->set_status(wire::STATUS_SUSPECT);
          for (std::size_t i = 0; i <= max_nodes; ++i) c.mutable_beat()->add_suspects("p");
        }) == "4097 suspects, at most 4096 are allowed");
  const auto wanted = [&](std::size_t n, const std::string& name) {
    return with([&](auto& c) {
      c.mutable_beat()->set_status(wire::STATUS_OK);
      for (std::size_t i = 0; i < n; ++i) c.mutable_beat()->add_envelopes_wanted(name);
    });
  };
  CHECK(wanted(max_envelopes_wanted, "c") == "accepted");
  CHECK(wanted(max_envelopes_wanted + 1, "c") == "17 envelopes wanted, at most 16 are allowed");
  CHECK(with([](auto& c) {  // before the beat is read, or the missing status would be the reason
          for (std::size_t i = 0; i <= max_envelopes_wanted; ++i) c.mutable_beat()->add_envelopes_wanted("c");
        }) == "17 envelopes wanted, at most 16 are allowed");
  CHECK(wanted(1, "") == "no holder of an envelope");
  CHECK(wanted(1, "a\nb") == "holder of an envelope with a control character");
  CHECK(wanted(1, std::string(max_text + 1, 'c')) == "holder of an envelope of 513 bytes, at most 512 are allowed");
}

TEST_CASE("an upstream message of another cluster, version or kind is refused") {
  const auto reason = [](const wire::Upstream& message) {
    Upstream unused;
    return decode(message.SerializeAsString(), "nb", unused).value_or("accepted");
  };
  wire::Upstream message;
  message.set_protocol(protocol_version);
  message.set_cluster("nb2");
  message.set_controller("c");
  CHECK(reason(message) == "cluster nb2 of controller c, expected nb");
  message.set_cluster("nb");
  CHECK(reason(message) == "neither an ack, a hint nor an envelope");
  message.mutable_ack();
  CHECK(reason(message) == "no detector");
  message.mutable_hint()->set_kind(static_cast<wire::HintKind>(99));
  CHECK(reason(message) == "hint 99 is unknown");
  message.mutable_hint()->set_kind(wire::HINT_SILENT);
  CHECK(reason(message) == "accepted");
  message.mutable_hint()->set_port(7000);
  CHECK(reason(message) == "a port without a host");
  message.clear_controller();
  CHECK(reason(message) == "no controller");
}
