#pragma once
/// Partitions, nodes and changes in an operator's words.

#include <string>

#include <dbha/topology.hpp>

namespace dbha {

inline const char* text_of(ChangeKind kind) {
  static constexpr const char* names[] = {"failover", "restart",    "reshard",  "membership",
                                          "address",  "generation", "uncovered"};
  return names[static_cast<int>(kind)];
}

inline std::string text_of(PartitionRange range) {
  const auto first = std::to_string(range.first.value);
  return range.first == range.last ? first : first + '-' + std::to_string(range.last.value);
}

/// "0-5460,5462": as an operator writes slots; "none" for an empty set.
inline std::string text_of(const PartitionSet& set) {
  std::string out;
  for (const auto& entry : set) out.append(out.empty() ? "" : ",").append(text_of(entry.range));
  return out.empty() ? "none" : out;
}

/// The first eight characters: enough to tell the nodes of one cluster apart in a log line.
inline std::string short_id(const NodeId& id) {
  return id.empty() ? "nobody" : id.value.substr(0, 8);
}

/// "failover 0-5460 3f2a1b->9c0d77; membership 3f2a1b"; node ids are shortened.
inline std::string text_of(const TopologyDiff& diff) {
  if (diff.empty()) return "replication details";  // streams or lives of nodes, which route nothing
  std::string out;
  for (const auto& change : diff.changes) {
    if (!out.empty()) out += "; ";
    out += text_of(change.kind);
    if (!change.partitions.empty()) out += ' ' + text_of(change.partitions);
    if (change.before.empty() && change.after.empty()) continue;
    out += ' ' + short_id(change.before);
    if (change.before != change.after) out += "->" + short_id(change.after);
  }
  return out;
}

}  // namespace dbha
