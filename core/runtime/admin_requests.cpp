#include "runtime/admin_requests.hpp"

#include <algorithm>

#include <unistd.h>

#include "runtime/controller_role.hpp"
#include "runtime/detector_role.hpp"
#include "runtime/handlers_json.hpp"
#include "runtime/verifications.hpp"
#include "runtime/wall_clock.hpp"
#include "topology/json.hpp"
#include "topology/ranges.hpp"

namespace dbha {
namespace {

using nlohmann::json;

void detector_problems(const json& detector, json& problems) {
  const auto status = detector.at("status").get<std::string>();
  const auto reason = detector.at("reason").get<std::string>();
  if (status != "ok") {
    problems.push_back("the detector is " + status + ": " + reason);
  } else if (!reason.empty()) {
    problems.push_back(reason);
  }
  if (const auto missing = detector.at("peers_missing").get<std::size_t>(); missing > 0)
    problems.push_back(std::to_string(missing) + " of " + detector.at("peers_configured").dump() + " peers are silent");
  for (const auto& controller : detector.at("controllers"))
    if (!controller.at("current").get<bool>())
      problems.push_back("controller " + controller.at("name").get<std::string>() + " has not applied " +
                         detector.at("version").get<std::string>());
}

/// Reasons and requests come from outside, and may be no UTF-8.
std::string text_of_json(const json& answer) {
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

void controller_problems(const json& controller, json& problems) {
  if (const auto waiting = controller.at("waiting_for").get<std::string>(); !waiting.empty()) {
    problems.push_back("the controller has no topology: " + waiting);
    return;
  }
  if (controller.at("self_read").get<bool>())
    problems.push_back("no detector answers: the topology was read from the database once, at the start");
  const auto& own = controller.at("self_detect");
  const bool looking = own.at("looking").get<bool>();
  const auto trouble = own.at("trouble").get<std::string>();
  if (controller.at("stale").get<bool>())
    problems.push_back(
        "the controller's view is stale: no detector has been heard for " + controller.at("view_age_ms").dump() +
        " ms" + (looking ? "; it looks at the database itself each " + own.at("interval_ms").dump() + " ms" : ""));
  if (looking && !trouble.empty())
    problems.push_back("what the controller sees of the database is not enough: " + trouble);
  if (controller.at("covered") != controller.at("partitions"))
    problems.push_back("only " + controller.at("covered").dump() + " of " + controller.at("partitions").dump() +
                       " partitions have an owner");
}

std::optional<PartitionSet> partitions_in(const json& request) {
  if (!request.contains("partitions")) return std::nullopt;
  PartitionSet out;
  for (const auto& range : request.at("partitions")) out.set(range_from_json(range), {});
  return out;
}

using Verifiers = std::vector<std::pair<std::string, Verifier*>>;

bool has_table(const Verifier& verifier, const std::string& table) {
  const auto tables = verifier.tables();
  return table.empty() || std::find(tables.begin(), tables.end(), table) != tables.end();
}

std::vector<Verifications::Handler> handlers_to_verify(const Verifiers& all, const json& request) {
  const auto named = request.value("handler", "");
  const auto table = request.value("table", "");
  std::vector<Verifications::Handler> out;
  for (const auto& [name, verifier] : all)
    if ((named.empty() || named == name) && has_table(*verifier, table)) out.push_back({name, verifier});
  return out;
}

std::string why_no_handler(const Verifiers& all, const json& request) {
  if (all.empty()) return "no handler of this process keeps entries that could be compared; a mirror does";
  std::string known;
  for (const auto& [name, verifier] : all) {
    known.append(known.empty() ? "" : "; ").append(name).append(" with");
    for (const auto& table : verifier->tables()) known.append(" ").append(table);
  }
  const auto wanted = [&](const char* what) {
    return request.contains(what) ? std::string(" ") + what + " '" + request.at(what).get<std::string>() + "'" : "";
  };
  return "nobody keeps entries of" + wanted("handler") + wanted("table") + "; there are " + known;
}

/// Events that the handler has not finished: what differs may be about to be written.
std::size_t pending_of(const AdminFacts& facts, const std::string& handler) {
  for (const auto& known : facts.controller->hub().handlers())
    if (known.name == handler) return known.work.pending;
  return 0;
}

}  // namespace

json status_json(const AdminFacts& facts) {
  json out = {
      {"name", facts.config.name}, {"cluster", facts.config.cluster}, {"pid", getpid()}, {"dbha", DBHA_VERSION}};
  json problems = json::array();
  if (facts.detector) {
    out["detector"] = facts.detector->status();
    detector_problems(out["detector"], problems);
  }
  if (facts.controller) {
    out["controller"] = facts.controller->status();
    controller_problems(out["controller"], problems);
  }
  out["consistency"] = facts.consistency;
  out["verify"] = facts.verifications ? facts.verifications->running() : json();
  for (const auto& handler : facts.consistency)
    if (const auto trouble = handler.at("trouble").get<std::string>(); !trouble.empty())
      problems.push_back("handler " + handler.at("name").get<std::string>() + ": " + trouble);
  // Behind what handlers say of themselves, which is why they fail.
  if (facts.controller) handler_problems(out["controller"].at("handlers"), problems);
  out["history_lost"] = facts.history_lost;
  if (facts.history_lost > 0)
    problems.push_back(std::to_string(facts.history_lost) +
                       " entries of the history could not be written: see history_not_kept in the log");
  out["problems"] = std::move(problems);
  return out;
}

json topology_json(const AdminFacts& facts) {
  std::shared_ptr<const Topology> topology;
  Version version;
  if (facts.controller && facts.controller->state().applied()) {
    topology = facts.controller->state().applied();
    version = facts.controller->state().version();
  } else if (facts.detector) {
    topology = facts.detector->detector().published();
    version = facts.detector->detector().version();
  }
  if (!topology) return {{"version", ""}, {"error", "there is no topology yet"}};
  json out = to_json(*topology);
  out["version"] = version.text();
  out["covered"] = topology->covered();
  return out;
}

json reset_json(const AdminFacts& facts) {
  if (!facts.detector) return {{"reset", false}, {"reason", "this process has no detector; ask one that has"}};
  const auto refused = facts.detector->reset();
  if (!refused.empty()) return {{"reset", false}, {"reason", refused}};
  return {{"reset", true}, {"version", facts.detector->detector().version().text()}};
}

json resync_json(const AdminFacts& facts, const json& request) {
  if (!facts.controller) return {{"resync", false}, {"reason", "this process has no controller; ask one that has"}};
  return facts.controller->resync(request.value("handler", ""), partitions_in(request));
}

json verify_json(const AdminFacts& facts, const json& request) {
  const auto refused = [](const std::string& reason, bool usage) {
    return json{{"verify", nullptr}, {"reason", reason}, {"usage", usage}};
  };
  if (!facts.controller) return refused("this process has no controller; ask one that has", true);
  const auto handlers = handlers_to_verify(facts.verifiers, request);
  if (handlers.empty()) return refused(why_no_handler(facts.verifiers, request), true);
  const PartitionSet all = facts.controller->hub().partitions();
  if (all.empty()) return refused("the controller has no topology yet: wait until it has", false);
  VerifyRequest asked{.partitions = partitions_in(request).value_or(all), .examples = request.value("limit", 20U)};
  if (asked.partitions.empty() || both(asked.partitions, all) != asked.partitions)
    return refused("expected partitions of " + text_of(all) + ", found " + text_of(asked.partitions), true);
  if (request.contains("table")) asked.table = request.at("table").get<std::string>();
  const auto id = facts.verifications->begin(handlers, asked);
  return id ? json{{"verify", *id}} : refused("another comparison is under way in this process", false);
}

json verify_state_json(const AdminFacts& facts, const json& request, bool stop) {
  if (!facts.verifications)
    return {{"verify", nullptr}, {"reason", "this process has no controller; ask one that has"}};
  const auto id = number_from_json<std::uint64_t>(request.at("verify"));
  json out = stop ? facts.verifications->stop(id) : facts.verifications->state(id);
  if (!out.value("done", false)) return out;
  for (auto& handler : out.at("handlers")) handler["pending"] = pending_of(facts, handler.at("handler"));
  return out;
}

json state_json(const AdminFacts& facts) {
  json out = status_json(facts);
  for (const char* role : {"detector", "controller"})
    if (out.contains(role)) out[role].erase("history");
  out["what"] = "state";
  out["at_ms"] = wall_clock_ms();
  return out;
}

std::uint32_t stream_of(const json& entry) {
  return entry.at("what").get<std::string>().starts_with("beat") ? watch_beats : watch_news;
}

bus::AdminAnswer answer_admin_request(std::string_view request, const std::function<AdminFacts()>& facts) {
  try {
    const json asked = json::parse(request, nullptr, false);
    if (!asked.is_object() || !asked.contains("request") || !asked["request"].is_string())
      return json{{"error", "expected a JSON object like {\"request\": \"status\"}"}}.dump();
    const auto what = asked["request"].get<std::string>();
    if (what == "status") return text_of_json(status_json(facts()));
    if (what == "topology") return text_of_json(topology_json(facts()));
    if (what == "reset") return text_of_json(reset_json(facts()));
    if (what == "resync") return text_of_json(resync_json(facts(), asked));
    if (what == "verify") return text_of_json(verify_json(facts(), asked));
    if (what == "verify_state") return text_of_json(verify_state_json(facts(), asked, false));
    if (what == "verify_stop") return text_of_json(verify_state_json(facts(), asked, true));
    if (what == "watch")
      return {text_of_json(state_json(facts())),
              asked.value("beats", false) ? watch_news | watch_beats : watch_news + 0U};
    return text_of_json(
        {{"error", "there is no request '" + what + "'; there are status, topology, reset, resync, verify and watch"}});
  } catch (const std::exception& e) {
    return text_of_json({{"error", e.what()}});
  }
}

}  // namespace dbha
