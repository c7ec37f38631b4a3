#pragma once
/// What controllers say to a detector, and its answer to a hello. Pure.

#include <string>
#include <string_view>
#include <variant>

#include <dbha/bus.hpp>

#include "checks.hpp"

namespace dbha::bus {

struct HintFrom {
  std::string controller;
  Hint hint;
};
struct EnvelopeFrom {
  std::string controller;
  std::string envelope;  ///< as somebody published it: to be decoded as such
};
using Upstream = std::variant<Ack, HintFrom, EnvelopeFrom>;

/// The first byte is a protobuf tag, so never 0 or 1, which on this connection mean subscribe and unsubscribe.
std::string encode(std::string_view cluster, const Ack& ack);
std::string encode(std::string_view cluster, const HintFrom& hint);
std::string encode(std::string_view cluster, const EnvelopeFrom& from);
Refusal decode(std::string_view bytes, std::string_view cluster, Upstream& to);

struct Hello {
  std::string controller;
  bool peer = false;  ///< a detector says it
};
std::string encode(std::string_view cluster, const Hello& hello);
Refusal decode(std::string_view bytes, std::string_view cluster, Hello& to);

/// The first frame of the answer to a hello.
struct SnapshotReply {
  bool refused = false;    ///< if not, the envelopes follow in two more frames
  Duration retry_after{};  ///< 0: asking again is no use
  std::string reason;      ///< of the refusal
};
std::string encode(const SnapshotReply& reply);
Refusal decode(std::string_view bytes, SnapshotReply& to);

}  // namespace dbha::bus
