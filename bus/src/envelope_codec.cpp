#include "envelope_codec.hpp"

#include "beat_codec.hpp"
#include "field_counts.hpp"
#include "parse.hpp"
#include "topology_codec.hpp"

namespace dbha::bus {
namespace {

using bus::read;  // found beside the functions of that name below

wire::Content content_of(std::string_view cluster, const Stamp& stamp) {
  wire::Content content;
  content.set_cluster(std::string(cluster));
  content.set_detector(stamp.detector);
  content.set_start(stamp.start);
  content.set_sequence(stamp.sequence);
  return content;
}

std::string envelope_of(const wire::Content& content) {
  wire::Envelope envelope;
  envelope.set_protocol(protocol_version);
  envelope.set_content(serialize(content));
  return serialize(envelope);
}

Refusal open(std::string_view bytes, wire::Content& content) {
  wire::Envelope envelope;
  if (!parse(bytes, envelope)) return "not an envelope";
  if (auto why = check_protocol(envelope.protocol())) return why;
  if (auto why = check_count("bytes of signature", envelope.signature().size(), max_signature)) return why;
  if (auto why = check_field_counts(envelope.content())) return why;
  if (!parse(envelope.content(), content)) return "an envelope without content";
  return {};
}

Refusal read(const wire::Content& from, std::string_view cluster, Stamp& to) {
  if (auto why = check_name("cluster", from.cluster())) return why;
  if (from.cluster() != cluster) return "cluster " + from.cluster() + ", expected " + std::string(cluster);
  if (auto why = check_name("detector", from.detector())) return why;
  if (from.sequence() == 0) return "sequence 0, expected 1 or more";
  to = {from.detector(), from.start(), from.sequence()};
  return {};
}

Refusal read(const wire::Publication& from, Publication& to) {
  Topology topology;
  if (!from.has_version() || !from.has_topology()) return "a publication without version or topology";
  if (auto why = read(from.topology(), topology)) return why;
  to.version = read(from.version());
  to.topology = std::make_shared<const Topology>(std::move(topology));
  return {};
}

}  // namespace

std::string encode(std::string_view cluster, const Publication& publication) {
  auto content = content_of(cluster, publication.stamp);
  write(publication.version, *content.mutable_publication()->mutable_version());
  write(*publication.topology, *content.mutable_publication()->mutable_topology());
  return envelope_of(content);
}

std::string encode(std::string_view cluster, const Beat& beat, const Publication& held) {
  auto content = content_of(cluster, beat.stamp);
  write(beat, held, *content.mutable_beat());
  return envelope_of(content);
}

Refusal decode(std::string_view envelope, std::string_view cluster, const HeldOf& held_of, Downstream& to) {
  wire::Content content;
  Stamp stamp;
  if (auto why = open(envelope, content)) return why;
  if (auto why = read(content, cluster, stamp)) return why;
  switch (content.body_case()) {
    case wire::Content::kPublication: {
      auto& publication = to.emplace<Publication>();
      publication.stamp = std::move(stamp);
      return read(content.publication(), publication);
    }
    case wire::Content::kBeat: {
      auto& beat = to.emplace<Beat>();
      const Publication* held = held_of(stamp.detector);
      beat.stamp = std::move(stamp);
      return read(content.beat(), held, beat);
    }
    case wire::Content::BODY_NOT_SET:
      break;
  }
  return "neither a publication nor a beat";
}

}  // namespace dbha::bus
