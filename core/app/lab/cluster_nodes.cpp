#include "lab/cluster_nodes.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace dbha::lab {
namespace {

/// Of "127.0.0.1:7000@17000,host"; an IPv6 address has colons of its own, so the last one counts.
std::uint16_t port_of(const std::string& address) {
  const auto without_bus = address.substr(0, address.find_first_of("@,"));
  return static_cast<std::uint16_t>(std::stoi(without_bus.substr(without_bus.rfind(':') + 1)));
}

SlotRange parse_range(const std::string& text) {
  const auto dash = text.find('-');
  const int first = std::stoi(text);
  return {first, dash == std::string::npos ? first : std::stoi(text.substr(dash + 1))};
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

ClusterNode parse_line(const std::string& line) {
  std::istringstream fields(line);
  ClusterNode node;
  std::string address, flags, primary, ping_sent, pong_received, link;
  fields >> node.id >> address >> flags >> primary >> ping_sent >> pong_received >> node.config_epoch >> link;
  if (!fields) throw std::runtime_error("unreadable line in CLUSTER NODES: " + line);
  node.port = port_of(address);
  node.flags = split(flags, ',');
  node.connected = link == "connected";
  if (primary != "-") node.primary_id = primary;
  for (std::string slots; fields >> slots;)
    if (slots.front() != '[') node.slots.push_back(parse_range(slots));  // "[7->-id]": being migrated
  return node;
}

}  // namespace

bool ClusterNode::has(std::string_view flag) const {
  return std::find(flags.begin(), flags.end(), flag) != flags.end();
}

bool ClusterNode::owns(int slot) const {
  return std::any_of(slots.begin(), slots.end(),
                     [&](const SlotRange& r) { return r.first <= slot && slot <= r.second; });
}

std::vector<ClusterNode> parse_cluster_nodes(const std::string& text) {
  std::vector<ClusterNode> nodes;
  for (const auto& line : split(text, '\n')) nodes.push_back(parse_line(line));
  return nodes;
}

const ClusterNode& myself(const std::vector<ClusterNode>& view) {
  for (const auto& node : view)
    if (node.has("myself")) return node;
  throw std::runtime_error("CLUSTER NODES without a line flagged myself");
}

std::map<std::string, std::string> parse_info(const std::string& text) {
  std::map<std::string, std::string> values;
  for (auto& line : split(text, '\n')) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const auto colon = line.find(':');
    if (colon != std::string::npos) values[line.substr(0, colon)] = line.substr(colon + 1);
  }
  return values;
}

}  // namespace dbha::lab
