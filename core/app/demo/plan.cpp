#include "demo/plan.hpp"

#include <algorithm>

namespace dbha::demo {
namespace {

Fault fault_of(const std::string& name) {
  const auto it =
      std::find_if(all_faults.begin(), all_faults.end(), [&](Fault fault) { return name == text_of(fault); });
  if (it != all_faults.end()) return *it;
  std::string known;
  for (const auto& word : fault_words()) known += (known.empty() ? "" : ", ") + word;
  throw UsageError("there is no fault '" + name + "'; there are " + known);
}

struct ShardPlan {
  std::size_t shard;
  bool whole = true;  // both nodes run
};

std::string why_not(Fault fault) {
  if (fault == Fault::comeback) return "return: there is no killed node that could come back; put a kill before it";
  return std::string(text_of(fault)) + ": every shard has lost a node already; put a return before it";
}

}  // namespace

const char* text_of(Fault fault) {
  static constexpr const char* names[] = {"kill", "return", "failover", "restart", "stop", "lose"};
  return names[static_cast<int>(fault)];
}

std::vector<std::string> fault_words() {
  std::vector<std::string> out;
  for (const Fault fault : all_faults) out.emplace_back(text_of(fault));
  return out;
}

std::vector<Step> plan_faults(const std::vector<std::string>& names, std::size_t shards) {
  std::vector<Fault> wanted(all_faults.begin(), all_faults.end());
  if (!names.empty()) {
    wanted.clear();
    std::transform(names.begin(), names.end(), std::back_inserter(wanted), fault_of);
  }
  std::vector<ShardPlan> order;  // first the one left alone for the longest time
  for (std::size_t shard = 0; shard < shards; ++shard) order.push_back({shard});
  std::vector<Step> steps;
  for (const Fault fault : wanted) {
    const auto fits = [&](const ShardPlan& plan) { return plan.whole == (fault != Fault::comeback); };
    const auto it = std::find_if(order.begin(), order.end(), fits);
    if (it == order.end()) throw UsageError(why_not(fault));
    it->whole = fault != Fault::kill && fault != Fault::lose;
    steps.push_back({fault, it->shard});
    std::rotate(it, it + 1, order.end());
  }
  return steps;
}

}  // namespace dbha::demo
