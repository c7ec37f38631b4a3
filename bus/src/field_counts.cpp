#include "field_counts.hpp"

#include <climits>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "proto/dbha.pb.h"

namespace dbha::bus {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

/// Calls visit(field number, bytes) for each field of the message that has a length, and stops at the first refusal.
template <class Visit>
Refusal for_each_field(std::string_view message, Visit visit) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(message.data()), static_cast<int>(message.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return "not a message of this protocol";
      continue;
    }
    std::uint32_t length = 0;
    if (!in.ReadVarint32(&length)) return "not a message of this protocol";
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (length > message.size() - at) return "cut short";
    if (auto why = visit(WireFormatLite::GetTagFieldNumber(tag), message.substr(at, length))) return why;
    in.Skip(static_cast<int>(length));
  }
  return {};
}

/// One object for the whole message: a field that stands there twice is merged by the parser, so it counts together.
class Counts {
 public:
  Refusal content(std::string_view bytes) {
    return for_each_field(bytes, [this](int field, std::string_view inner) -> Refusal {
      if (field == wire::Content::kPublicationFieldNumber) return publication(inner);
      if (field == wire::Content::kBeatFieldNumber) return beat(inner);
      return {};
    });
  }

 private:
  Refusal publication(std::string_view bytes) {
    return for_each_field(bytes, [this](int field, std::string_view inner) -> Refusal {
      return field == wire::Publication::kTopologyFieldNumber ? topology(inner) : Refusal();
    });
  }

  Refusal topology(std::string_view bytes) {
    return for_each_field(bytes, [this](int field, std::string_view inner) -> Refusal {
      if (field == wire::Topology::kClaimsFieldNumber) return check_count("claims", ++claims_, max_ranges);
      if (field == wire::Topology::kMarksFieldNumber) return check_count("marks", ++marks_, max_ranges);
      if (field != wire::Topology::kNodesFieldNumber) return {};
      if (auto why = check_count("nodes", ++nodes_, max_nodes)) return why;
      return node(inner);
    });
  }

  static Refusal node(std::string_view bytes) {
    std::size_t predecessors = 0;
    return for_each_field(bytes, [&](int field, std::string_view) -> Refusal {
      if (field != wire::Node::kPredecessorsFieldNumber) return {};
      return check_count("predecessors", ++predecessors, max_predecessors);
    });
  }

  Refusal beat(std::string_view bytes) {
    return for_each_field(bytes, [this](int field, std::string_view) -> Refusal {
      if (field == wire::Beat::kVouchedFieldNumber) return check_count("vouched ranges", ++vouched_, max_ranges);
      if (field == wire::Beat::kReachOthersFieldNumber) return check_count("nodes in reach", ++reach_, max_nodes);
      if (field == wire::Beat::kSuspectsFieldNumber) return check_count("suspects", ++suspects_, max_nodes);
      if (field == wire::Beat::kEnvelopesWantedFieldNumber)
        return check_count("envelopes wanted", ++envelopes_wanted_, max_envelopes_wanted);
      return {};
    });
  }

  std::size_t nodes_ = 0;
  std::size_t claims_ = 0;
  std::size_t marks_ = 0;
  std::size_t vouched_ = 0;
  std::size_t reach_ = 0;
  std::size_t suspects_ = 0;
  std::size_t envelopes_wanted_ = 0;
};

}  // namespace

Refusal check_field_counts(std::string_view content) {
  if (content.size() > static_cast<std::size_t>(max_envelope_bytes)) return "longer than any message may be";
  return Counts().content(content);
}

}  // namespace dbha::bus
