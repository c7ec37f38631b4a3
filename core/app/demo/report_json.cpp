#include <cmath>

#include "demo/report.hpp"

namespace dbha::demo {
namespace {

using nlohmann::json;

/// To a thousandth: what the histories record.
json ms_since(TimePoint fault, const std::optional<TimePoint>& at) {
  if (!at) return nullptr;
  return std::round(std::chrono::duration<double, std::micro>(*at - fault).count()) / 1000;
}

json to_json(const FaultReport& fault) {
  json restarts = json::array();
  for (const auto& restart : fault.seen.restarts)
    restarts.push_back(
        {{"controller", restart.controller}, {"cause", restart.cause}, {"partitions", restart.partitions}});
  json out = {{"fault", text_of(fault.fault)},
              {"promoted_ms", ms_since(fault.at, fault.promoted)},
              {"woken_ms", ms_since(fault.at, fault.woken)},
              {"published_ms", ms_since(fault.at, fault.seen.published_at())},
              {"applied_last_ms", ms_since(fault.at, fault.seen.applied_last())},
              {"dbrestarts", std::move(restarts)},
              {"call_errors", fault.call_errors}};
  if (fault.loss) {
    out["acknowledged"] = fault.loss->acknowledged;
    out["lost"] = fault.loss->lost;
    out["missing_after_resync"] = fault.loss->missing ? json(*fault.loss->missing) : json();
  }
  return out;
}

}  // namespace

std::vector<std::string> DemoReport::all_problems() const {
  std::vector<std::string> out;
  for (const auto& fault : faults)
    for (const auto& problem : fault.problems) out.push_back(std::string(text_of(fault.fault)) + ": " + problem);
  out.insert(out.end(), problems.begin(), problems.end());
  return out;
}

json to_json(const DemoReport& report) {
  json faults = json::array();
  for (const auto& fault : report.faults) faults.push_back(to_json(fault));
  return {{"faults", std::move(faults)},
          {"controllers", report.controllers},
          {"controller_topology_commands", report.topology_commands},
          {"ok", report.ok()}};
}

}  // namespace dbha::demo
