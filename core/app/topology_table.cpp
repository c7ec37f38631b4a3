#include "topology_table.hpp"

#include <cstdio>
#include <map>

#include "table.hpp"

namespace dbha::app {
namespace {

using nlohmann::json;

struct Owned {
  std::string ranges;
  std::uint64_t epoch = 0;
};

std::map<std::string, Owned> owners_of(const json& topology) {
  std::map<std::string, Owned> out;
  for (const auto& claim : topology.at("claims")) {
    Owned& owned = out[claim.at("owner").get<std::string>()];
    const auto first = claim.at("partitions").at(0).get<std::uint32_t>();
    const auto last = claim.at("partitions").at(1).get<std::uint32_t>();
    owned.ranges +=
        (owned.ranges.empty() ? "" : ",") + std::to_string(first) + (first == last ? "" : "-" + std::to_string(last));
    owned.epoch = std::max(owned.epoch, claim.at("epoch").get<std::uint64_t>());
  }
  return out;
}

}  // namespace

void print_topology(const json& topology) {
  const auto owners = owners_of(topology);
  std::printf("%s, %s of %s partitions have an owner\n\n", topology.at("version").get<std::string>().c_str(),
              topology.at("covered").dump().c_str(), topology.at("partitions").dump().c_str());
  Table table({"node", "address", "role", "epoch", "partitions", "follows"});
  for (const auto& node : topology.at("nodes")) {
    const auto owned = owners.find(node.at("id").get<std::string>());
    const auto follows = node.at("primary").get<std::string>();
    table.add({node.at("id").get<std::string>().substr(0, 8),
               node.at("host").get<std::string>() + ":" + node.at("port").dump(), node.at("role").get<std::string>(),
               owned == owners.end() ? "" : std::to_string(owned->second.epoch),
               owned == owners.end() ? "" : owned->second.ranges, follows.substr(0, 8)});
  }
  table.print();
}

}  // namespace dbha::app
