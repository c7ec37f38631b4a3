#include "memory/rendezvous.hpp"

#include <algorithm>
#include <utility>

#include "model/random.hpp"

namespace dbha::memory {
namespace {

std::uint64_t score(std::string_view client, std::string_view node) {
  std::uint64_t hash = 0xCBF29CE484222325U;  // FNV-1a
  const auto add = [&](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U; };
  std::for_each(client.begin(), client.end(), add);
  add('\xFF');  // in no name, so that "ab" and "c" are not "a" and "bc"
  std::for_each(node.begin(), node.end(), add);
  return Random(hash).next();  // FNV alone leaves names that differ in their last character close together
}

}  // namespace

std::vector<const dbha::Node*> rendezvous_order(std::string_view client, const Topology& topology) {
  std::vector<std::pair<std::uint64_t, const dbha::Node*>> scored;
  for (const dbha::Node& node : topology.nodes) scored.emplace_back(score(client, node.id.value), &node);
  std::sort(scored.begin(), scored.end(), [](const auto& a, const auto& b) {
    return std::pair(b.first, a.second->id) < std::pair(a.first, b.second->id);
  });
  std::vector<const dbha::Node*> order;
  for (const auto& [value, node] : scored) order.push_back(node);
  return order;
}

}  // namespace dbha::memory
