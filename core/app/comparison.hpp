#pragma once

#include <array>
#include <functional>
#include <optional>

#include <nlohmann/json.hpp>

#include "commands.hpp"

namespace dbha::app {

/// The kinds of difference, and all that is counted, by their names in an answer.
inline constexpr std::array difference_kinds{"missing", "older", "newer", "unknown", "resurrected"};
inline constexpr std::array compared_counts{"compared", "missing",     "older",  "newer",
                                            "unknown",  "resurrected", "waiting"};

/// Has a process compare what its handlers keep with the database, by the request {"request": "verify", ...}, and waits
/// until it has. With what it answered last: the result, "done" true, then with the sums over all tables, "complete"
/// and "differs"; else the "reason" why there is none. `go_on` is shown how far it is; false: it is to end, also in the
/// process. Nothing if nobody answered: the reason stands on standard error then.
std::optional<nlohmann::json> compared(const Question& process, const nlohmann::json& request,
                                       const std::function<bool(const nlohmann::json& state)>& go_on);

}  // namespace dbha::app
