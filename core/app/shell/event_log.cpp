#include "shell/event_log.hpp"

#include <nlohmann/json.hpp>

#include "topology/json.hpp"
#include "watch_line.hpp"

namespace dbha::shell {

EventLog::EventLog(Controller& controller) {
  for (const char* name :
       {"dbrestart", "loss_known", "topology_changed", "view_stale", "view_fresh", "subscription_interrupted"})
    subscriptions_.push_back(controller.on(
        name, [this](const Event& event) { return write(event); }, "shell"));
}

/// A handler without a memory is first told that it knows of nothing: cause `start`.
bool EventLog::write(const Event& event) {
  const auto* restart = std::get_if<DbRestart>(&event);
  if (!restart || restart->cause != Cause::start) lines_.add(name_of(event) + app::fields_text(to_json(event)));
  return true;
}

}  // namespace dbha::shell
