#include "demo/observation.hpp"

#include <algorithm>
#include <set>

namespace dbha::demo {
namespace {

using nlohmann::json;

TimePoint time_of(const json& entry) {
  return TimePoint(std::chrono::microseconds(entry.at("monotonic_us").get<std::int64_t>()));
}

std::vector<json> entries(const json& role, const std::string& what, TimePoint since = {}) {
  std::vector<json> out;
  for (const auto& entry : role.at("history"))
    if (entry.at("what") == what && time_of(entry) >= since) out.push_back(entry);
  return out;
}

/// Changes read "failover 0-5460 3f2a1b0c->9c0d77aa; membership 3f2a1b0c": a kind first, the node concerned last, its
/// id shortened to eight characters.
bool tells(const std::string& changes, const Expectation& expected) {
  for (std::size_t begin = 0; begin < changes.size();) {
    const auto end = std::min(changes.find("; ", begin), changes.size());
    const auto change = changes.substr(begin, end - begin);
    if (change.starts_with(expected.change) && change.ends_with(expected.node.substr(0, 8))) return true;
    begin = end + 2;
  }
  return false;
}

std::optional<TimePoint> first_applied(const json& controller, const std::set<std::string>& versions, TimePoint since) {
  for (const auto& entry : entries(controller, "topology_changed", since))
    if (versions.contains(entry.at("version").get<std::string>())) return time_of(entry);
  return std::nullopt;
}

std::vector<Restart> restarts_of(const json& status, TimePoint since) {
  std::vector<Restart> out;
  for (const auto& entry : entries(status.at("controller"), "dbrestart", since))
    out.push_back({status.at("name").get<std::string>(), entry.at("cause").get<std::string>(),
                   entry.at("partitions").get<std::vector<lab::SlotRange>>(), time_of(entry)});
  return out;
}

bool is_due(const Restart& restart, const Expectation& expected) {
  return expected.cause == restart.cause && restart.partitions == std::vector{expected.slots};
}

std::string dbrestart_text(const Restart& restart) {
  return "dbrestart " + restart.cause + " for " + text_of(restart.partitions);
}

std::ptrdiff_t due_restarts(const Observation& seen, const std::string& controller, const Expectation& expected) {
  return std::count_if(seen.restarts.begin(), seen.restarts.end(), [&](const Restart& restart) {
    return restart.controller == controller && is_due(restart, expected);
  });
}

bool had_start(const json& status) {
  const std::vector<lab::SlotRange> all = {{0, lab::kSlots - 1}};
  const auto restarts = restarts_of(status, {});
  return std::any_of(restarts.begin(), restarts.end(),
                     [&](const Restart& r) { return r.cause == "start" && r.partitions == all; });
}

}  // namespace

std::optional<TimePoint> Observation::published_at() const {
  if (!published) return std::nullopt;
  return published->at;
}

std::optional<TimePoint> Observation::applied_last() const {
  std::optional<TimePoint> last;
  for (const auto& application : applied) {
    if (!application.at) return std::nullopt;
    last = std::max(last, application.at);
  }
  return last;
}

Observation observe(const Statuses& statuses, const Expectation& expected, TimePoint since) {
  Observation out;
  std::set<std::string> versions;  // the one that tells of it, and those after it: a controller may skip one
  for (const auto& entry : entries(statuses.front().at("detector"), "published", since)) {
    const auto changes = entry.at("changes").get<std::string>();
    const auto version = entry.at("version").get<std::string>();
    if (!out.published && tells(changes, expected)) out.published = {version, changes, time_of(entry)};
    if (out.published) versions.insert(version);
  }
  for (const auto& status : statuses) {
    out.applied.push_back(
        {status.at("name").get<std::string>(), first_applied(status.at("controller"), versions, since)});
    for (auto& restart : restarts_of(status, since)) out.restarts.push_back(std::move(restart));
  }
  return out;
}

std::vector<std::string> still_due(const Observation& seen, const Expectation& expected) {
  if (!seen.published) return {"the detector has not published the " + expected.change};
  std::vector<std::string> out;
  for (const auto& [controller, at] : seen.applied) {
    if (!at) out.push_back(controller + " has not applied " + seen.published->version);
    if (expected.cause && due_restarts(seen, controller, expected) == 0)
      out.push_back(controller + " got no dbrestart " + *expected.cause + " for " + text_of({expected.slots}));
  }
  return out;
}

std::vector<std::string> not_due(const Observation& seen, const Expectation& expected) {
  std::vector<std::string> out;
  std::set<std::string> served;
  for (const auto& restart : seen.restarts)
    if (!is_due(restart, expected) || !served.insert(restart.controller).second)
      out.push_back(restart.controller + " got a " + dbrestart_text(restart) + ", which was not due");
  return out;
}

std::vector<std::string> not_ready(const Statuses& statuses) {
  std::vector<std::string> out;
  for (const auto& status : statuses) {
    const auto name = status.at("name").get<std::string>();
    for (const auto& problem : status.at("problems")) out.push_back(name + " says: " + problem.get<std::string>());
    if (!had_start(status)) out.push_back(name + " got no dbrestart start for all partitions");
  }
  return out;
}

std::vector<std::string> not_current(const Statuses& statuses) {
  std::vector<std::string> out;
  const auto& detector = statuses.front().at("detector");
  std::set<std::string> current;
  for (const auto& controller : detector.at("controllers"))
    if (controller.at("current").get<bool>()) current.insert(controller.at("name").get<std::string>());
  for (const auto& status : statuses) {
    const auto name = status.at("name").get<std::string>();
    if (!current.contains(name)) out.push_back("the detector does not see " + name + " on its version");
    if (status.at("controller").at("version") != detector.at("version"))
      out.push_back(name + " is on " + status.at("controller").at("version").get<std::string>() + ", the detector on " +
                    detector.at("version").get<std::string>());
  }
  return out;
}

bool nothing_pending(const Statuses& statuses, const std::string& handler) {
  for (const auto& status : statuses)
    for (const auto& known : status.at("controller").at("handlers"))
      if (known.at("name") == handler && known.at("pending") != 0) return false;
  return true;
}

TimePoint last_event(const Statuses& statuses) {
  TimePoint last;
  for (const auto& status : statuses)
    for (const char* role : {"detector", "controller"})
      if (status.contains(role))
        for (const auto& entry : status.at(role).at("history")) last = std::max(last, time_of(entry));
  return last;
}

std::string text_of(const std::vector<lab::SlotRange>& ranges) {
  std::string out;
  for (const auto& [first, last] : ranges) {
    out += (out.empty() ? "" : ",") + std::to_string(first);
    if (last != first) out += '-' + std::to_string(last);
  }
  return out;
}

}  // namespace dbha::demo
