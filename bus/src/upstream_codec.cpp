#include "upstream_codec.hpp"

#include "parse.hpp"
#include "proto/dbha.pb.h"
#include "topology_codec.hpp"
#include "wire_enums.hpp"

namespace dbha::bus {
namespace {

using bus::read;  // found beside the functions of that name below

/// What a Hello and an Upstream begin with.
template <class Message>
void write_sender(std::string_view cluster, const std::string& controller, Message& to) {
  to.set_protocol(protocol_version);
  to.set_cluster(std::string(cluster));
  to.set_controller(controller);
}

template <class Message>
Refusal check_sender(const Message& message, std::string_view cluster) {
  if (auto why = check_protocol(message.protocol())) return why;
  if (auto why = check_name("cluster", message.cluster())) return why;
  if (auto why = check_name("controller", message.controller())) return why;
  if (message.cluster() != cluster)
    return "cluster " + message.cluster() + " of controller " + message.controller() + ", expected " +
           std::string(cluster);
  return {};
}

Refusal read(const wire::Upstream& from, Ack& to) {
  if (auto why = check_name("detector", from.ack().detector())) return why;
  to = {.controller = from.controller(),
        .detector = from.ack().detector(),
        .start = from.ack().start(),
        .applied = read(from.ack().applied()),
        .pending = from.ack().pending()};
  return {};
}

Refusal read(const wire::Upstream& from, HintFrom& to) {
  const auto& hint = from.hint();
  const auto kind = from_wire(wire_hints, hint.kind());
  if (!kind) return "hint " + std::to_string(hint.kind()) + " is unknown";
  if (auto why = check_text("node id", hint.node())) return why;
  if (auto why = check_endpoint(hint.host(), hint.port())) return why;
  if (hint.partition() >= max_partitions) return "partition " + std::to_string(hint.partition()) + " is beyond any";
  to.controller = from.controller();
  to.hint.kind = *kind;
  to.hint.node.value = hint.node();
  to.hint.endpoint = {hint.host(), static_cast<std::uint16_t>(hint.port())};
  to.hint.partition.reset();
  if (hint.has_partition()) to.hint.partition = Partition{hint.partition()};
  return {};
}

}  // namespace

std::string encode(std::string_view cluster, const Ack& ack) {
  wire::Upstream message;
  write_sender(cluster, ack.controller, message);
  auto& to = *message.mutable_ack();
  to.set_detector(ack.detector);
  to.set_start(ack.start);
  write(ack.applied, *to.mutable_applied());
  to.set_pending(ack.pending);
  return serialize(message);
}

std::string encode(std::string_view cluster, const HintFrom& from) {
  wire::Upstream message;
  write_sender(cluster, from.controller, message);
  auto& to = *message.mutable_hint();
  to.set_kind(to_wire(wire_hints, from.hint.kind));
  to.set_node(from.hint.node.value);
  to.set_host(from.hint.endpoint.host);
  to.set_port(from.hint.endpoint.port);
  if (from.hint.partition) to.set_partition(from.hint.partition->value);
  return serialize(message);
}

std::string encode(std::string_view cluster, const EnvelopeFrom& from) {
  wire::Upstream message;
  write_sender(cluster, from.controller, message);
  message.set_envelope(from.envelope);
  return serialize(message);
}

Refusal decode(std::string_view bytes, std::string_view cluster, Upstream& to) {
  wire::Upstream message;
  if (!parse(bytes, message)) return "not a message of this protocol";
  if (auto why = check_sender(message, cluster)) return why;
  switch (message.body_case()) {
    case wire::Upstream::kAck:
      return read(message, to.emplace<Ack>());
    case wire::Upstream::kHint:
      return read(message, to.emplace<HintFrom>());
    case wire::Upstream::kEnvelope:
      to = EnvelopeFrom{message.controller(), std::move(*message.mutable_envelope())};
      return {};
    case wire::Upstream::BODY_NOT_SET:
      break;
  }
  return "neither an ack, a hint nor an envelope";
}

std::string encode(std::string_view cluster, const Hello& hello) {
  wire::Hello message;
  write_sender(cluster, hello.controller, message);
  message.set_peer(hello.peer);
  return serialize(message);
}

Refusal decode(std::string_view bytes, std::string_view cluster, Hello& to) {
  wire::Hello message;
  if (!parse(bytes, message)) return "not a hello";
  if (auto why = check_sender(message, cluster)) return why;
  to.controller = message.controller();
  to.peer = message.peer();
  return {};
}

std::string encode(const SnapshotReply& reply) {
  wire::SnapshotReply message;
  message.set_protocol(protocol_version);
  if (reply.refused) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(reply.retry_after);
    message.mutable_refusal()->set_retry_after_ms(static_cast<std::uint64_t>(wait.count()));
    message.mutable_refusal()->set_reason(reply.reason);
  }
  return serialize(message);
}

Refusal decode(std::string_view bytes, SnapshotReply& to) {
  wire::SnapshotReply message;
  if (!parse(bytes, message)) return "not an answer to a hello";
  if (auto why = check_protocol(message.protocol())) return why;
  if (auto why = check_text("reason", message.refusal().reason())) return why;
  if (message.refusal().retry_after_ms() > max_window_ms) return "told to ask again in more than a day";
  to.refused = message.has_refusal();
  to.retry_after = std::chrono::milliseconds(message.refusal().retry_after_ms());
  to.reason = message.refusal().reason();
  return {};
}

}  // namespace dbha::bus
