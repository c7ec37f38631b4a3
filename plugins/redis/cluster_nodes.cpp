#include "redis/cluster_nodes.hpp"

#include <bitset>
#include <optional>
#include <unordered_set>

#include "redis/text_fields.hpp"

namespace dbha::redis {
namespace {

using Slots = std::bitset<slots>;

struct Flags {
  bool myself = false;
  bool primary = false;
  bool replica = false;
  bool failing = false;
  bool left_out = false;  ///< handshake, noaddr
};

/// Flags that we do not know are passed over: newer versions add some (nofailover came that way).
Flags parse_flags(std::string_view text) {
  Flags flags;
  while (!text.empty()) {
    const auto flag = take_until(text, ',');
    flags.myself |= flag == "myself";
    flags.primary |= flag == "master";
    flags.replica |= flag == "slave";
    flags.failing |= flag == "fail" || flag == "fail?";
    flags.left_out |= flag == "handshake" || flag == "noaddr";
  }
  return flags;
}

/// Redis writes 40 hexadecimal digits; servers that speak its protocol use other words. "-" stands for none.
bool is_node_id(std::string_view text) {
  return !text.empty() && text != "-" && is_plain_word(text);
}

std::optional<PartitionRange> parse_slot_range(std::string_view text) {
  const bool single = text.find('-') == std::string_view::npos;
  const auto first = number<std::uint32_t>(take_until(text, '-'));
  const auto last = single ? first : number<std::uint32_t>(text);
  if (!first || !last || *first > *last || *last >= slots) return std::nullopt;
  return PartitionRange{{*first}, {*last}};
}

/// The columns of one line, as text.
struct Columns {
  std::string_view id, address, flags, primary, ping, pong, epoch, link, owns;
};

std::optional<Columns> cut(std::string_view line) {
  Columns c;
  for (auto column : {&Columns::id, &Columns::address, &Columns::flags, &Columns::primary, &Columns::ping,
                      &Columns::pong, &Columns::epoch, &Columns::link}) {
    c.*column = take_word(line);
  }
  if (c.link.empty()) return std::nullopt;
  c.owns = line;
  return c;
}

/// Reads line after line; holds what must be unique in the whole reply.
class Reader {
 public:
  std::optional<Violation> line(std::string_view text) {
    const auto columns = cut(text);
    if (!columns) return Violation{"a line of fewer than 8 columns: " + shown(text)};
    const auto flags = parse_flags(columns->flags);
    if (flags.left_out && !flags.myself) return std::nullopt;
    NodeReport report;
    if (auto violation = read_identity(*columns, flags, report)) return violation;
    if (auto violation = read_slots(columns->owns, report)) return violation;
    if (flags.replica && !report.owns.empty()) return of(report, "is a replica and owns slots");
    return keep(std::move(report), flags.myself);
  }

  Parsed<ClusterNodes> finish() && {
    if (!myself_) return Violation{"no line is marked 'myself'"};
    return ClusterNodes{std::move(*myself_), std::move(nodes_)};
  }

 private:
  static Violation of(const NodeReport& report, const std::string& what) {
    return {"node " + report.id.value + " " + what};
  }

  std::optional<Violation> read_identity(const Columns& columns, const Flags& flags, NodeReport& report) {
    if (!is_node_id(columns.id)) return Violation{"a bad node id: " + shown(columns.id)};
    report.id.value = columns.id;
    auto endpoint = parse_node_address(columns.address);
    if (const auto* violation = violation_of(endpoint)) return of(report, "has " + violation->text);
    report.endpoint = std::get<Endpoint>(std::move(endpoint));
    if (flags.primary == flags.replica)
      return of(report, "has an unknown role: expected one of 'master' and 'slave' in " + shown(columns.flags));
    report.role = flags.primary ? Role::primary : Role::replica;
    if (columns.primary != "-" && !is_node_id(columns.primary))
      return of(report, "follows a bad node id: " + shown(columns.primary));
    if (flags.replica && columns.primary != "-") report.primary.value = columns.primary;
    const auto epoch = number<std::uint64_t>(columns.epoch);
    if (!epoch) return of(report, "has a bad config epoch: " + shown(columns.epoch));
    report.epoch = {*epoch};
    report.failing = flags.failing;
    return std::nullopt;
  }

  std::optional<Violation> read_slots(std::string_view text, NodeReport& report) {
    for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
      if (word.front() == '[') continue;  // importing or migrating: no claim, the owner's line lists the slot
      const auto range = parse_slot_range(word);
      if (!range) return of(report, "has bad slots: " + shown(word));
      for (auto slot = range->first.value; slot <= range->last.value; ++slot) {
        if (seen_slots_[slot]) return of(report, "lists slot " + std::to_string(slot) + ", which is listed before");
        seen_slots_.set(slot);
      }
      report.owns.push_back(*range);
    }
    return std::nullopt;
  }

  std::optional<Violation> keep(NodeReport report, bool myself) {
    if (!ids_.insert(report.id.value).second) return of(report, "is listed twice");
    if (myself && myself_) return of(report, "is the second one marked 'myself'");
    if (myself) myself_ = report;
    nodes_.push_back(std::move(report));
    return std::nullopt;
  }

  Slots seen_slots_;
  std::unordered_set<std::string> ids_;
  std::optional<NodeReport> myself_;
  std::vector<NodeReport> nodes_;
};

}  // namespace

Parsed<Endpoint> parse_node_address(std::string_view text) {
  const auto whole = text;
  text = text.substr(0, text.find(','));
  text = text.substr(0, text.find('@'));
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return Violation{"an address without a port: " + shown(whole)};
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0) return Violation{"a bad port: " + shown(whole)};
  auto host = text.substr(0, colon);
  if (host == "?") host = {};
  if (!host.empty() && !is_host(host)) return Violation{"a bad host: " + shown(whole)};
  return Endpoint{std::string{host}, *port};
}

Parsed<ClusterNodes> parse_cluster_nodes(std::string_view reply) {
  Reader reader;
  while (!reply.empty()) {
    const auto line = take_line(reply);
    if (line.empty()) continue;
    if (auto violation = reader.line(line)) return std::move(*violation);
  }
  return std::move(reader).finish();
}

}  // namespace dbha::redis
