#include "memory/cluster_json.hpp"

#include <string_view>

namespace dbha::memory {
namespace {

/// Control characters and quotes do not stand in JSON as they are.
std::string json_text(std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20) {
      out += std::string("\\u00") + hex[code >> 4] + hex[code & 15];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

std::string state_text(NodeState state) {
  switch (state) {
    case NodeState::running:
      return "running";
    case NodeState::stopped:
      return "stopped";
    case NodeState::down:
      return "down";
  }
  return "unknown";
}

std::string ranges_json(const std::vector<PartitionRange>& ranges) {
  std::string out = "[";
  for (const auto& range : ranges) {
    if (out.size() > 1) out += ',';
    out += "[" + std::to_string(range.first.value) + "," + std::to_string(range.last.value) + "]";
  }
  return out + "]";
}

std::string node_json(const Cluster& cluster, std::size_t i) {
  const auto primary = cluster.primary_of(i);
  std::string out = "{\"index\":" + std::to_string(i);
  out += ",\"id\":" + json_text(cluster.id(i).value);
  out += ",\"host\":" + json_text(cluster.endpoint(i).host);
  out += ",\"port\":" + std::to_string(cluster.endpoint(i).port);
  out += ",\"state\":" + json_text(state_text(cluster.state(i)));
  out += ",\"role\":" + json_text(cluster.role(i) == Role::primary ? "primary" : "replica");
  out += ",\"primary\":" + (primary ? std::to_string(*primary) : "null");
  out += ",\"run_id\":" + json_text(cluster.run_id(i).value);
  out += std::string(",\"removed\":") + (cluster.removed(i) ? "true" : "false");
  out += ",\"owns\":" + ranges_json(cluster.owned_by(i));
  return out + ",\"promoted\":" + (cluster.promoted(i) ? "true" : "false") + "}";
}

}  // namespace

std::string nodes_json(const Cluster& cluster) {
  std::string out = "[";
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    if (out.size() > 1) out += ',';
    out += node_json(cluster, i);
  }
  return out + "]";
}

std::string counts_json(const std::map<std::string, std::uint64_t>& counts) {
  std::string out = "{";
  for (const auto& [name, count] : counts) {
    if (out.size() > 1) out += ',';
    out += json_text(name) + ":" + std::to_string(count);
  }
  return out + "}";
}

}  // namespace dbha::memory
