#include <algorithm>
#include <cstdio>

#include "demo/report.hpp"
#include "table.hpp"

namespace dbha::demo {
namespace {

std::string ms(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", std::chrono::duration<double, std::milli>(duration).count());
  return text;
}

std::string ms_since(TimePoint fault, const std::optional<TimePoint>& at) {
  return at ? ms(*at - fault) : "-";
}

/// A moment of the timeline.
struct Moment {
  TimePoint at;
  std::string text;
};

std::vector<Moment> moments_of(const FaultReport& fault) {
  std::vector<Moment> out = {{fault.at, fault.done}};
  if (fault.promoted) out.push_back({*fault.promoted, fault.promoted_node + " is promoted"});
  if (fault.woken) out.push_back({*fault.woken, fault.woken_node + " wakes"});
  if (fault.seen.published)
    out.push_back({fault.seen.published->at,
                   "detector published " + fault.seen.published->version + ": " + fault.seen.published->changes});
  for (const auto& [controller, at] : fault.seen.applied)
    if (at) out.push_back({*at, controller + " applied it"});
  for (const auto& restart : fault.seen.restarts)
    out.push_back(
        {restart.at, restart.controller + " got dbrestart " + restart.cause + " for " + text_of(restart.partitions)});
  std::stable_sort(out.begin(), out.end(), [](const Moment& a, const Moment& b) { return a.at < b.at; });
  return out;
}

void print_timeline(const DemoReport& report, const Screen& screen) {
  screen.heading("\ntimeline, in ms since each fault");
  for (const auto& fault : report.faults) {
    screen.line(text_of(fault.fault));
    for (const auto& moment : moments_of(fault)) {
      const auto time = ms(moment.at - fault.at);
      screen.line(std::string(time.size() < 9 ? 9 - time.size() : 0, ' ') + time + "  " + moment.text);
    }
  }
}

/// "failover 0-5460, 5 of 5"; several kinds only if something went wrong.
std::string restarts_text(const FaultReport& fault, std::size_t controllers) {
  std::vector<std::pair<std::string, std::size_t>> kinds;
  for (const auto& restart : fault.seen.restarts) {
    const auto kind = restart.cause + ' ' + text_of(restart.partitions);
    auto it = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.first == kind; });
    if (it == kinds.end()) it = kinds.insert(kinds.end(), {kind, 0});
    ++it->second;
  }
  std::string out;
  for (const auto& [kind, count] : kinds)
    out += (out.empty() ? "" : "; ") + kind + ", " + std::to_string(count) + " of " + std::to_string(controllers);
  return out.empty() ? "none" : out;
}

void print_table(const DemoReport& report, const Screen& screen) {
  screen.heading("\nthe faults, times in ms since each");
  app::Table table({"fault", "slots", "promoted", "published", "all applied", "dbrestart", "calls", "failed"});
  for (const auto& fault : report.faults) {
    table.add({text_of(fault.fault), text_of(std::vector{fault.slots}), ms_since(fault.at, fault.promoted),
               ms_since(fault.at, fault.seen.published_at()), ms_since(fault.at, fault.seen.applied_last()),
               restarts_text(fault, report.controllers), std::to_string(fault.calls),
               std::to_string(fault.call_errors)});
  }
  table.print();
  screen.line("questions about the topology that controllers asked the database: " +
              std::to_string(report.topology_commands));
}

void print_losses(const DemoReport& report, const Screen& screen) {
  for (const auto& fault : report.faults) {
    if (!fault.loss) continue;
    screen.line("acknowledged writes lost by " + report.database +
                " in this failover: " + std::to_string(fault.loss->lost));
    if (fault.loss->missing) screen.line("missing after resync: " + std::to_string(*fault.loss->missing));
  }
}

}  // namespace

void print_tables(const DemoReport& report, const Screen& screen) {
  print_timeline(report, screen);
  print_table(report, screen);
  print_losses(report, screen);
}

void print_verdict(const DemoReport& report, const Screen& screen) {
  const auto problems = report.all_problems();
  if (problems.empty()) screen.verdict(true, "everything that had to happen did, and nothing else");
  for (const auto& problem : problems) screen.verdict(false, problem);
}

}  // namespace dbha::demo
