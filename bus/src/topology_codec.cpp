#include "topology_codec.hpp"

#include "wire_enums.hpp"

namespace dbha::bus {
namespace {

void write(const Node& from, wire::Node& to) {
  to.set_id(from.id.value);
  to.set_host(from.endpoint.host);
  to.set_port(from.endpoint.port);
  to.set_role(to_wire(wire_roles, from.role));
  to.set_primary(from.primary.value);
  to.set_run_id(from.run_id.value);
  for (const auto& life : from.predecessors) to.add_predecessors(life.value);
  to.set_replid(from.replid.value);
}

void write(const PartitionMap<Claim>::Entry& from, wire::ClaimRange& to) {
  to.set_first(from.range.first.value);
  to.set_last(from.range.last.value);
  to.set_epoch(from.value.epoch.value);
  to.set_turn(from.value.turn);
  to.set_owner(from.value.owner.value);
}

void write(const PartitionMap<Mark>::Entry& from, wire::MarkRange& to) {
  to.set_first(from.range.first.value);
  to.set_last(from.range.last.value);
  to.set_epoch(from.value.epoch.value);
  to.set_count(from.value.count);
  to.set_owner(from.value.owner.value);
  to.set_replid(from.value.replid.value);
  to.set_cause(to_wire(wire_causes, from.value.cause));
  to.set_old_owner(from.value.old_owner.value);
  to.set_last_healthy_ms(static_cast<std::uint64_t>(from.value.last_healthy_ms));
  to.set_loss(to_wire(wire_losses, from.value.loss));
  if (from.value.old_offset >= 0) to.set_old_offset(static_cast<std::uint64_t>(from.value.old_offset));
  if (from.value.new_offset >= 0) to.set_new_offset(static_cast<std::uint64_t>(from.value.new_offset));
}

Refusal check_texts(const wire::Node& node) {
  if (auto why = check_name("node id", node.id())) return why;
  if (auto why = check_text("primary", node.primary())) return why;
  if (auto why = check_text("run id", node.run_id())) return why;
  if (auto why = check_text("replid", node.replid())) return why;
  for (const auto& life : node.predecessors())
    if (auto why = check_text("predecessor", life)) return why;
  return {};
}

Refusal read(const wire::Node& from, Node& to) {
  if (auto why = check_texts(from)) return why;
  if (auto why = check_endpoint(from.host(), from.port())) return why;
  if (auto why = check_count("predecessors", static_cast<std::size_t>(from.predecessors_size()), max_predecessors))
    return why;
  const auto role = from_wire(wire_roles, from.role());
  if (!role) return "role " + std::to_string(from.role()) + " is unknown";
  to.id.value = from.id();
  to.endpoint = {from.host(), static_cast<std::uint16_t>(from.port())};
  to.role = *role;
  to.primary.value = from.primary();
  to.run_id.value = from.run_id();
  for (const auto& life : from.predecessors()) to.predecessors.push_back({life});
  to.replid.value = from.replid();
  return {};
}

Refusal read_nodes(const wire::Topology& from, Topology& to) {
  if (auto why = check_count("nodes", static_cast<std::size_t>(from.nodes_size()), max_nodes)) return why;
  to.nodes.reserve(static_cast<std::size_t>(from.nodes_size()));
  for (const auto& message : from.nodes()) {
    Node node;
    if (auto why = read(message, node)) return "node " + std::to_string(to.nodes.size()) + ": " + *why;
    if (!to.nodes.empty() && node.id <= to.nodes.back().id) return "node " + node.id.value + " is out of order";
    to.nodes.push_back(std::move(node));
  }
  return {};
}

Refusal read_claims(const wire::Topology& from, Topology& to) {
  if (auto why = check_count("claims", static_cast<std::size_t>(from.claims_size()), max_ranges)) return why;
  RangeOrder order("claim", to.partitions);
  for (const auto& message : from.claims()) {
    if (auto why = order.next(message.first(), message.last())) return why;
    if (auto why = check_text("owner", message.owner())) return why;
    to.claims.set({{message.first()}, {message.last()}}, {{message.epoch()}, message.turn(), {message.owner()}});
  }
  return {};
}

/// -1 for one that is not known.
std::int64_t offset_of(bool known, std::uint64_t offset) {
  return known ? static_cast<std::int64_t>(offset) : -1;
}

Refusal read(const wire::MarkRange& from, Mark& to) {
  if (auto why = check_text("owner", from.owner())) return why;
  if (auto why = check_text("replid", from.replid())) return why;
  if (auto why = check_text("old owner", from.old_owner())) return why;
  const auto cause = from_wire(wire_causes, from.cause());
  if (!cause) return "cause " + std::to_string(from.cause()) + " is unknown";
  const auto loss = from_wire(wire_losses, from.loss());
  if (!loss) return "loss " + std::to_string(from.loss()) + " is unknown";
  if (from.last_healthy_ms() > INT64_MAX) return "a time beyond the end of time";
  if (from.old_offset() > INT64_MAX || from.new_offset() > INT64_MAX) return "an offset beyond any stream";
  to = {.epoch = {from.epoch()},
        .count = from.count(),
        .owner = {from.owner()},
        .replid = {from.replid()},
        .cause = *cause,
        .old_owner = {from.old_owner()},
        .last_healthy_ms = static_cast<std::int64_t>(from.last_healthy_ms()),
        .loss = *loss,
        .old_offset = offset_of(from.has_old_offset(), from.old_offset()),
        .new_offset = offset_of(from.has_new_offset(), from.new_offset())};
  return {};
}

Refusal read_marks(const wire::Topology& from, Topology& to) {
  if (auto why = check_count("marks", static_cast<std::size_t>(from.marks_size()), max_ranges)) return why;
  RangeOrder order("mark", to.partitions);
  for (const auto& message : from.marks()) {
    if (auto why = order.next(message.first(), message.last())) return why;
    Mark mark;
    if (auto why = read(message, mark)) return "mark: " + *why;
    to.marks.set({{message.first()}, {message.last()}}, std::move(mark));
  }
  return {};
}

}  // namespace

void write(const Topology& from, wire::Topology& to) {
  to.set_generation(from.generation);
  to.set_partitions(from.partitions);
  for (const auto& node : from.nodes) write(node, *to.add_nodes());
  for (const auto& entry : from.claims) write(entry, *to.add_claims());
  for (const auto& entry : from.marks) write(entry, *to.add_marks());
}

Refusal read(const wire::Topology& from, Topology& to) {
  if (from.partitions() == 0 || from.partitions() > max_partitions)
    return std::to_string(from.partitions()) + " partitions, expected 1 to " + std::to_string(max_partitions);
  to.generation = from.generation();
  to.partitions = from.partitions();
  if (auto why = read_nodes(from, to)) return why;
  if (auto why = read_claims(from, to)) return why;
  return read_marks(from, to);
}

void write(const Version& from, wire::Version& to) {
  to.set_generation(from.generation);
  to.set_epoch(from.epoch.value);
  to.set_digest(from.digest);
}

Version read(const wire::Version& from) {
  return {from.generation(), {from.epoch()}, from.digest()};
}

}  // namespace dbha::bus
