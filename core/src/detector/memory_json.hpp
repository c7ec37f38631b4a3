#pragma once
/// What the detector must not forget, as JSON for the state store. Reading checks everything it uses.

#include <nlohmann/json_fwd.hpp>

#include "detector/mark_setting.hpp"

namespace dbha {

nlohmann::json to_json(const MarkMemory& memory);
/// Throws Error naming what is wrong. Times are not stored: monotonic time means nothing to another process.
MarkMemory mark_memory_from_json(const nlohmann::json& json);

}  // namespace dbha
