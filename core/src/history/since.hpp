#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dbha {

/// A moment as an operator names it, in ms since 1970: how long ago ("90s", "10m", "2h"), or a time of UTC as the
/// history prints it, of which the end may be left out ("2026-11-23T04:05:06.789Z", "2026-11-23 04:05", "2026-11-23").
/// Nothing if it is neither.
std::optional<std::int64_t> moment_ms(std::string_view text, std::int64_t now_ms);

}  // namespace dbha
