#include <cstdio>
#include <map>

#include "ask.hpp"
#include "exit_status.hpp"
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

void print(const json& topology) {
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

}  // namespace

int topology(const Question& question) {
  const auto answer = ask(question, "topology");
  if (!answer) return not_reached;
  const bool known = !answer->contains("error");
  const bool covered = known && answer->at("covered") == answer->at("partitions");
  if (question.json) {
    std::printf("%s\n", answer->dump(2).c_str());
  } else if (known) {
    print(*answer);
  } else {
    std::printf("%s\n", answer->at("error").get<std::string>().c_str());
  }
  return covered ? done : not_well;
}

}  // namespace dbha::app
