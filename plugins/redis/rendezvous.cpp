#include "redis/rendezvous.hpp"

#include <algorithm>
#include <utility>

namespace dbha::redis {
namespace {

std::uint64_t fnv1a(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

/// FNV alone leaves names that differ in their last character close together (splitmix64's finish).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace

std::uint64_t rendezvous_score(std::string_view client, std::string_view node) {
  const std::uint64_t seed = fnv1a(0xCBF29CE484222325U, client);
  return mix(fnv1a((seed ^ 0xFFU) * 0x100000001B3U, node));  // 0xFF: in no name, so that "ab"+"c" is not "a"+"bc"
}

std::vector<const Node*> rendezvous_order(std::string_view client, const Topology& topology) {
  std::vector<std::pair<std::uint64_t, const Node*>> scored;
  for (const Node& node : topology.nodes) {
    if (!node.endpoint.host.empty() && node.endpoint.port != 0) {
      scored.emplace_back(rendezvous_score(client, node.id.value), &node);
    }
  }
  std::sort(scored.begin(), scored.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second->id < b.second->id;
  });
  std::vector<const Node*> order;
  for (const auto& [score, node] : scored) order.push_back(node);
  return order;
}

}  // namespace dbha::redis
