#include "report.hpp"

#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace dbha::sim {
namespace {

constexpr std::array<const char*, 8> classes = {"lasting",  "missed", "broken",   "stuck",
                                                "unbroken", "untold", "spurious", "slow"};
constexpr std::size_t seeds_shown = 8;

std::string hex(std::uint64_t number) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string decimal(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(duration).count());
  return text;
}

std::string seeds_text(const std::vector<std::uint64_t>& seeds) {
  std::string out = std::to_string(seeds.size()) + ": ";
  for (std::size_t i = 0; i < std::min(seeds.size(), seeds_shown); ++i)
    out += (i ? ", " : "") + std::to_string(seeds[i]);
  return out + (seeds.size() > seeds_shown ? ", ..." : "");
}

std::string kinds_text(const Tally& tally, const std::string& group) {
  std::string out;
  for (const auto& [kind, seeds] : tally.seeds)
    if (tally.classes.at(kind) == group) out += (out.empty() ? "" : "; ") + kind + " in " + seeds_text(seeds);
  return out.empty() ? "" : " (" + out + ')';
}

Duration quantile(std::vector<Duration> values, double q) {
  if (values.empty()) return {};
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

}  // namespace

std::string summary_of(const Tally& tally, Duration took) {
  std::string out = std::to_string(tally.schedules) + " schedules";
  for (const auto* group : classes)
    if (tally.count(group) > 0 || std::string(group) == "lasting" || std::string(group) == "missed" ||
        std::string(group) == "spurious")
      out += ", " + std::to_string(tally.count(group)) + ' ' + group + kinds_text(tally, group);
  return out + ", " + decimal(took);
}

std::string coverage_of(const Tally& tally) {
  std::string out = "faults:";
  for (std::size_t i = 0; i < fault_kinds; ++i)
    if (tally.caused[i] > 0)
      out += std::string(" ") + text_of(static_cast<FaultKind>(i)) + ' ' + std::to_string(tally.caused[i]);
  out += "\n" + std::to_string(tally.publications) + " publications, " + std::to_string(tally.events) +
         " dbrestarts, " + std::to_string(tally.steps) + " steps, " + decimal(tally.virtual_time) +
         " of virtual time; settled after " + decimal(quantile(tally.settling, 0.5)) + " (median), " +
         decimal(quantile(tally.settling, 0.99)) + " (99 of 100), " + decimal(quantile(tally.settling, 1)) +
         " (longest)";
  return out;
}

nlohmann::json json_of(const Tally& tally, Duration took) {
  nlohmann::json out = {{"schedules", tally.schedules},
                        {"seconds", std::chrono::duration<double>(took).count()},
                        {"publications", tally.publications},
                        {"dbrestarts", tally.events},
                        {"steps", tally.steps}};
  if (const auto failure = tally.first_failure())
    out["first_failure"] = std::to_string(failure->first) + " (" + failure->second + ")";
  for (const auto* group : classes) out[group] = tally.count(group);
  for (const auto& [kind, seeds] : tally.seeds) out["seeds"][kind] = seeds;
  for (std::size_t i = 0; i < fault_kinds; ++i) out["faults"][text_of(static_cast<FaultKind>(i))] = tally.caused[i];
  return out;
}

std::string replay_options(std::uint64_t seed, const ScheduleOptions& options, const Simplification& s) {
  std::string groups;
  for (const auto group : options.groups) groups += (groups.empty() ? "" : ",") + std::string(text_of(group));
  std::string out = "--faults " + groups + " --replay " + std::to_string(seed);
  std::string without;
  for (const auto fault : s.without) without += (without.empty() ? " --without " : ",") + std::to_string(fault);
  out += without;
  if (options.controllers != ScheduleOptions{}.controllers)
    out += " --controllers " + std::to_string(options.controllers);
  if (options.detectors != ScheduleOptions{}.detectors) out += " --detectors " + std::to_string(options.detectors);
  if (s.calm_bus) out += " --calm-bus";
  if (s.small_cluster) out += " --small-cluster";
  if (s.controllers) out += " --controllers-kept " + std::to_string(*s.controllers);
  if (s.detectors) out += " --detectors-kept " + std::to_string(*s.detectors);
  return out;
}

std::string timeline_of(const Schedule& schedule, const Course& course) {
  std::string out;
  for (const auto& line : lines_of(schedule)) out += line + '\n';
  for (const auto& line : course.lines) out += line + '\n';
  return out;
}

std::string result_of(const Course& course) {
  std::string out = "seed " + std::to_string(course.seed) + ", hash " + hex(course.hash) + ": " +
                    (course.failed() ? "failed" : "passed") + ", settled after " + decimal(course.settling) + '\n';
  for (const auto& violation : course.violations)
    out += std::string("  ") + text_of(violation.breach) + ": " + violation.detail + '\n';
  return out;
}

nlohmann::json json_of(const Course& course) {
  nlohmann::json violations = nlohmann::json::array();
  for (const auto& violation : course.violations)
    violations.push_back({{"breach", text_of(violation.breach)}, {"detail", violation.detail}});
  return {{"seed", course.seed},
          {"hash", hex(course.hash)},
          {"failed", course.failed()},
          {"violations", std::move(violations)},
          {"lines", course.lines}};
}

}  // namespace dbha::sim
