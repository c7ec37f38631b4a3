#include "schedule.hpp"

#include <algorithm>
#include <cstdio>

namespace dbha::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct KindRow {
  const char* name;
  FaultGroup group;
  unsigned weight;
  Duration least;
  Duration most;  ///< how long it lasts
};

/// In the order of FaultKind.
constexpr std::array<KindRow, fault_kinds> kinds = {{
    {"kill", FaultGroup::main, 6, milliseconds(100), seconds(8)},
    {"restart", FaultGroup::main, 4, milliseconds(20), milliseconds(400)},
    {"failover", FaultGroup::main, 5, {}, {}},
    {"force_failover", FaultGroup::main, 2, {}, {}},
    {"reshard", FaultGroup::main, 5, {}, milliseconds(40)},
    {"stop", FaultGroup::main, 4, milliseconds(50), seconds(6)},
    {"add_replica", FaultGroup::main, 1, {}, {}},
    {"bus_outage", FaultGroup::main, 2, milliseconds(100), seconds(8)},
    {"detector_restart", FaultGroup::main, 3, {}, seconds(4)},
    {"detector_old_store", FaultGroup::main, 1, {}, seconds(4)},
    {"detector_pause", FaultGroup::main, 2, milliseconds(100), seconds(5)},
    {"controller_restart", FaultGroup::main, 3, {}, seconds(4)},
    {"controller_loss", FaultGroup::main, 1, {}, seconds(4)},
    {"isolate", FaultGroup::minority, 6, milliseconds(200), seconds(8)},
    {"hide", FaultGroup::reach, 5, milliseconds(100), seconds(6)},
    {"stale_view", FaultGroup::minority, 5, milliseconds(200), seconds(8)},
    {"takeover", FaultGroup::minority, 3, {}, {}},
    {"whole_outage", FaultGroup::outage, 4, milliseconds(300), seconds(4)},
    {"detector_blind", FaultGroup::fleet, 4, milliseconds(200), seconds(6)},
    {"bus_split", FaultGroup::fleet, 5, milliseconds(200), seconds(8)},
    {"detector_loss", FaultGroup::fleet, 3, {}, seconds(4)},
    {"all_detectors_loss", FaultGroup::fleet, 2, {}, seconds(4)},
    {"clock_step", FaultGroup::fleet, 3, {}, seconds(1)},
    {"bump", FaultGroup::operators, 4, {}, {}},
    {"isolated_bump", FaultGroup::operators, 4, milliseconds(200), seconds(8)},
    {"forget", FaultGroup::operators, 4, seconds(3), seconds(8)},
    {"reset", FaultGroup::operators, 3, milliseconds(100), seconds(2)},
    {"slots_to_other", FaultGroup::operators, 3, milliseconds(20), seconds(1)},
    {"slots_back", FaultGroup::operators, 3, milliseconds(20), seconds(1)},
    {"readdress", FaultGroup::operators, 4, milliseconds(100), seconds(8)},
    {"rebuild", FaultGroup::rebuild, 2, milliseconds(300), seconds(4)},
}};
constexpr std::array<const char*, fault_groups> groups = {"main",  "minority", "reach",  "outage",
                                                          "fleet", "operator", "rebuild"};

const KindRow& row(FaultKind kind) {
  return kinds[static_cast<std::size_t>(kind)];
}

FaultKind draw_kind(Random& random, const std::set<FaultGroup>& allowed) {
  std::uint64_t sum = 0;
  for (const auto& k : kinds) sum += allowed.contains(k.group) ? k.weight : 0;
  std::uint64_t drawn = random.below(sum);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (!allowed.contains(kinds[i].group)) continue;
    if (drawn < kinds[i].weight) return static_cast<FaultKind>(i);
    drawn -= kinds[i].weight;
  }
  return FaultKind::kill;
}

/// Half of them follow the one before within moments: what befalls a fleet in the middle of another change is what goes
/// wrong.
std::vector<Fault> draw_faults(Random& random, const std::set<FaultGroup>& allowed) {
  std::vector<Fault> out(2 + random.below(7));
  Duration at = milliseconds(1500);
  for (auto& fault : out) {
    at += random.chance(0.5) ? random.between({}, milliseconds(400)) : random.between({}, seconds(4));
    fault.at = at;
    fault.kind = draw_kind(random, allowed);
    fault.choice = random.next();
    // Short ones more often than long ones.
    const Duration most = random.chance(0.5) ? row(fault.kind).most : row(fault.kind).most / 5;
    fault.lasts = random.between(std::min(row(fault.kind).least, most), most);
  }
  return out;
}

BusQuality draw_bus(Random& random) {
  BusQuality out;
  if (random.chance(0.3)) return out;
  out.loss = 0.3 * random.unit() * random.unit();
  if (random.chance(0.2)) out.loss = 0.3;
  out.duplicates = random.chance(0.3) ? 0.1 : 0;
  out.refusals = random.chance(0.2) ? 0.3 : 0;
  out.most_delay = random.chance(0.5) ? milliseconds(5) : random.between(milliseconds(5), milliseconds(200));
  out.reorders = random.chance(0.4);
  return out;
}

std::size_t links_of(const Schedule& schedule) {
  return schedule.detectors * (schedule.controllers_start.size() + schedule.detectors);
}

/// By numbers of their own: what befalls one detector befalls several in the same way.
void draw_detectors(Random random, std::size_t wanted, Schedule& out) {
  out.detectors = wanted > 0 ? wanted : 1 + random.below(3);
  if (out.detectors == 1) return;
  out.listen = seconds(3);
  const bool alike = random.chance(0.3);
  for (std::size_t i = 0; i < links_of(out); ++i) out.links.push_back(alike ? out.bus : draw_bus(random));
}

Shape draw_shape(Random& random) {
  Shape out;
  out.shards = static_cast<std::uint32_t>(3 + random.below(3));
  out.replicas = random.chance(0.3) ? 2 : 1;
  out.latency = random.chance(0.8) ? microseconds(150) : random.between(microseconds(500), milliseconds(20));
  out.replication_lag = random.chance(0.5) ? milliseconds(2) : random.between(milliseconds(20), milliseconds(300));
  return out;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

std::string seconds_text(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f s", std::chrono::duration<double>(duration).count());
  return text;
}

std::string text_of(const BusQuality& bus) {
  return number(100 * bus.loss) + " % lost, " + number(100 * bus.duplicates) + " % doubled, " +
         number(100 * bus.refusals) + " % of hellos refused, delay up to " + seconds_text(bus.most_delay) +
         (bus.reorders ? ", out of order" : "");
}

}  // namespace

const char* text_of(FaultKind kind) {
  return row(kind).name;
}
FaultGroup group_of(FaultKind kind) {
  return row(kind).group;
}
const char* text_of(FaultGroup group) {
  return groups[static_cast<std::size_t>(group)];
}
std::optional<FaultGroup> group_named(const std::string& name) {
  const auto found = std::find(groups.begin(), groups.end(), name);
  if (found == groups.end()) return std::nullopt;
  return static_cast<FaultGroup>(found - groups.begin());
}

Schedule schedule_of(std::uint64_t seed, const ScheduleOptions& options) {
  Random random = Random(seed).fork(1);
  Schedule out;
  out.seed = seed;
  out.shape = draw_shape(random);
  out.bus = draw_bus(random);
  constexpr std::array<double, 3> budgets = {200, 300, 500};
  out.probe_budget = budgets[random.below(budgets.size())];
  for (std::size_t i = 0; i < options.controllers; ++i)
    out.controllers_start.push_back(random.chance(0.7) ? random.between({}, milliseconds(500))
                                                       : random.between({}, seconds(10)));
  out.write_pause = random.between(milliseconds(20), milliseconds(100));
  out.faults = draw_faults(random, options.groups);
  out.heals_at = out.faults.back().at + random.between(milliseconds(500), seconds(6));
  draw_detectors(Random(seed).fork(4), options.detectors, out);
  if (options.groups.contains(FaultGroup::fleet)) out.listen = seconds(3);
  return out;
}

Schedule simplified(Schedule schedule, const Simplification& simplification) {
  for (auto place = simplification.without.rbegin(); place != simplification.without.rend(); ++place)
    if (*place < schedule.faults.size())
      schedule.faults.erase(schedule.faults.begin() + static_cast<std::ptrdiff_t>(*place));
  if (simplification.calm_bus) {
    schedule.bus = {};
    schedule.links.clear();
  }
  if (simplification.small_cluster) {
    schedule.shape.shards = 3;
    schedule.shape.replicas = 1;
  }
  if (simplification.controllers && *simplification.controllers < schedule.controllers_start.size())
    schedule.controllers_start.resize(*simplification.controllers);
  if (simplification.detectors && *simplification.detectors < schedule.detectors)
    schedule.detectors = *simplification.detectors;
  schedule.links.resize(std::min(schedule.links.size(), links_of(schedule)));
  return schedule;
}

std::vector<std::string> lines_of(const Schedule& s) {
  std::vector<std::string> out;
  out.push_back(std::to_string(s.shape.shards) + " shards with " + std::to_string(s.shape.replicas) +
                " replica(s) each, latency " + seconds_text(s.shape.latency) + ", replication lag up to " +
                seconds_text(s.shape.replication_lag) + ", probe budget " + number(s.probe_budget));
  out.push_back(std::to_string(s.detectors) + " detector(s)");
  if (s.links.empty()) out.push_back("bus: " + text_of(s.bus));
  const std::size_t listeners = s.controllers_start.size() + s.detectors;
  for (std::size_t i = 0; i < s.links.size(); ++i) {
    const std::size_t from = i / listeners;
    const std::size_t to = i % listeners;
    if (to == s.controllers_start.size() + from) continue;
    const bool peer = to >= s.controllers_start.size();
    out.push_back("link d" + std::to_string(from) + (peer ? " d" : " c") +
                  std::to_string(peer ? to - s.controllers_start.size() : to) + ": " + text_of(s.links[i]));
  }
  std::string starts;
  for (const auto at : s.controllers_start) starts += (starts.empty() ? "" : ", ") + seconds_text(at);
  out.push_back("controllers start at " + starts);
  for (std::size_t i = 0; i < s.faults.size(); ++i) {
    const Fault& f = s.faults[i];
    out.push_back("fault " + std::to_string(i) + " at " + seconds_text(f.at) + ": " + text_of(f.kind) +
                  (f.lasts > Duration(0) ? " for " + seconds_text(f.lasts) : ""));
  }
  out.push_back("healed at " + seconds_text(s.heals_at));
  return out;
}

}  // namespace dbha::sim
