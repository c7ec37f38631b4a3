#include "beat_codec.hpp"

#include "topology_codec.hpp"
#include "wire_enums.hpp"

namespace dbha::bus {
namespace {

/// With ids the reach of 100 nodes would be 4 kB, each second, to each of ten thousand controllers: as bits it is 13
/// bytes.
void write_reach(const Beat& from, const Topology* topology, wire::Beat& to) {
  std::string bits(topology ? (topology->nodes.size() + 7) / 8 : 0, '\0');
  for (const auto& id : from.reach) {
    const Node* node = topology ? topology->node(id) : nullptr;
    if (!node) {
      to.add_reach_others(id.value);
      continue;
    }
    const auto i = static_cast<std::size_t>(node - topology->nodes.data());
    bits[i / 8] = static_cast<char>(bits[i / 8] | (1 << (i % 8)));
  }
  to.set_reach(std::move(bits));
}

Refusal read_reach(const wire::Beat& from, const Topology* topology, Beat& to) {
  if (auto why = check_count("bytes of reach", from.reach().size(), max_nodes / 8)) return why;
  if (auto why = check_count("nodes in reach", static_cast<std::size_t>(from.reach_others_size()), max_nodes))
    return why;
  for (std::size_t i = 0; topology && i < from.reach().size() * 8; ++i) {
    if (((static_cast<unsigned char>(from.reach()[i / 8]) >> (i % 8)) & 1) == 0) continue;
    if (i >= topology->nodes.size()) return "reach names node " + std::to_string(i) + ", which the topology lacks";
    to.reach.push_back(topology->nodes[i].id);
  }
  for (const auto& id : from.reach_others()) {
    if (auto why = check_name("node id", id)) return why;
    to.reach.push_back({id});
  }
  return {};
}

Refusal read_vouched(const wire::Beat& from, Beat& to) {
  if (auto why = check_count("vouched ranges", static_cast<std::size_t>(from.vouched_size()), max_ranges)) return why;
  RangeOrder order("vouched range", max_partitions);
  for (const auto& range : from.vouched()) {
    if (auto why = order.next(range.first(), range.last())) return why;
    to.vouched.set({{range.first()}, {range.last()}}, {});
  }
  return {};
}

Refusal read_suspects(const wire::Beat& from, Beat& to) {
  if (auto why = check_count("suspects", static_cast<std::size_t>(from.suspects_size()), max_nodes)) return why;
  for (const auto& id : from.suspects()) {
    if (auto why = check_name("node id", id)) return why;
    to.suspects.push_back({id});
  }
  return {};
}

Refusal read_envelopes_wanted(const wire::Beat& from, Beat& to) {
  const auto wanted = static_cast<std::size_t>(from.envelopes_wanted_size());
  if (auto why = check_count("envelopes wanted", wanted, max_envelopes_wanted)) return why;
  for (const auto& name : from.envelopes_wanted()) {
    if (auto why = check_name("holder of an envelope", name)) return why;
    to.envelopes_wanted.push_back(name);
  }
  return {};
}

/// The reason quotes what nodes said, so it may hold anything; receivers accept plain text only.
std::string plain(std::string text) {
  if (text.size() > max_text) text.resize(max_text);
  for (char& c : text)
    if (c < 0x20 || c > 0x7E) c = '?';
  return text;
}

}  // namespace

void write(const Beat& from, const Publication& held, wire::Beat& to) {
  using std::chrono::milliseconds;
  if (from.version.known()) write(from.version, *to.mutable_version());
  to.set_status(to_wire(wire_statuses, from.status));
  to.set_reason(plain(from.reason));
  write_reach(from, from.version == held.version ? held.topology.get() : nullptr, to);
  for (const auto& entry : from.vouched) {
    auto& range = *to.add_vouched();
    range.set_first(entry.range.first.value);
    range.set_last(entry.range.last.value);
  }
  for (const auto& id : from.suspects) to.add_suspects(id.value);
  for (const auto& name : from.envelopes_wanted) to.add_envelopes_wanted(name);
  to.set_controllers(from.controllers);
  const auto window = std::chrono::ceil<milliseconds>(std::max(from.resync_window, Duration(0)));
  to.set_resync_window_ms(static_cast<std::uint64_t>(window.count()));
}

Refusal read(const wire::Beat& from, const Publication* held, Beat& to) {
  to.version = read(from.version());
  const auto status = from_wire(wire_statuses, from.status());
  if (!status) return "status " + std::to_string(from.status()) + " is unknown";
  if (auto why = check_text("reason", from.reason())) return why;
  if (from.resync_window_ms() > max_window_ms)
    return "a resync window of " + std::to_string(from.resync_window_ms()) + " ms, at most a day is allowed";
  if (auto why = read_reach(from, held && held->version == to.version ? held->topology.get() : nullptr, to)) return why;
  if (auto why = read_vouched(from, to)) return why;
  if (auto why = read_suspects(from, to)) return why;
  if (auto why = read_envelopes_wanted(from, to)) return why;
  to.status = *status;
  to.reason = from.reason();
  to.controllers = from.controllers();
  to.resync_window = std::chrono::milliseconds(from.resync_window_ms());
  return {};
}

}  // namespace dbha::bus
