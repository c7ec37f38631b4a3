#pragma once
/// What `dbha status` says of the handlers.

#include <vector>

#include <nlohmann/json.hpp>

#include "events/event_hub.hpp"

namespace dbha {

/// {"name", "events", "state": idle | running | failed | away, "pending", "event", "running_ms", "slow", "failures",
/// "again_in_ms", "reason", "held"} of each; times that do not apply are null.
nlohmann::json handlers_json(const std::vector<EventHub::HandlerState>& handlers, TimePoint now);

/// What of it an operator should see first.
void handler_problems(const nlohmann::json& handlers, nlohmann::json& problems);

}  // namespace dbha
