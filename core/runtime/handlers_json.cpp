#include "runtime/handlers_json.hpp"

#include "topology/ranges.hpp"

namespace dbha {
namespace {

using nlohmann::json;

const char* state_of(const HandlerWork& work) {
  if (work.suspended) return "away";
  if (work.running_since) return "running";
  if (work.begins_at) return "waiting";
  return work.failures > 0 ? "failed" : "idle";
}

json milliseconds(std::optional<TimePoint> from, std::optional<TimePoint> to) {
  if (!from || !to) return nullptr;
  return std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(*to - *from).count(), 0);
}

json handler_json(const EventHub::HandlerState& handler, TimePoint now) {
  const HandlerWork& work = handler.work;
  return {{"name", handler.name},
          {"events", handler.events},
          {"state", state_of(work)},
          {"pending", work.pending},
          {"event", work.event},
          {"running_ms", milliseconds(work.running_since, now)},
          {"slow", handler.slow},
          {"failures", work.failures},
          {"again_in_ms", milliseconds(now, work.again_at)},
          {"begins_in_ms", milliseconds(now, work.begins_at)},
          {"reason", work.reason},
          {"held", handler.held.empty() ? "" : text_of(handler.held)}};
}

std::string times(const json& count) {
  return count == 1 ? "once" : count.dump() + " times";
}

std::string events_text(const json& count) {
  return count == 1 ? "1 event" : count.dump() + " events";
}

}  // namespace

json handlers_json(const std::vector<EventHub::HandlerState>& handlers, TimePoint now) {
  json out = json::array();
  for (const auto& handler : handlers) out.push_back(handler_json(handler, now));
  return out;
}

void handler_problems(const json& handlers, json& problems) {
  for (const auto& handler : handlers) {
    const auto name = handler.at("name").get<std::string>();
    const auto event = handler.at("event").get<std::string>();
    if (handler.at("state") == "away") {  // that is why it has failed, if it has
      if (handler.at("pending") > 0)
        problems.push_back("the program " + name + " is away, and for it wait " + events_text(handler.at("pending")));
      continue;
    }
    if (handler.at("failures") > 0)
      problems.push_back("handler " + name + " has failed " + times(handler.at("failures")) + " with " + event + ": " +
                         handler.at("reason").get<std::string>());
    if (handler.at("slow").get<bool>())
      problems.push_back("handler " + name + " is in " + event + " for " + handler.at("running_ms").dump() + " ms");
  }
}

}  // namespace dbha
