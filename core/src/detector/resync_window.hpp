#pragma once

#include <algorithm>
#include <cstddef>

#include <dbha/bus.hpp>

namespace dbha {

/// The time over which the fleet spreads its resynchronisations after a failover: `spacing` for each controller but
/// one, so that a small fleet does not wait; twice that while the database is not well. At most an hour.
inline Duration resync_window(std::size_t controllers, DetectorStatus status, Duration spacing) {
  constexpr Duration longest = std::chrono::hours(1);
  if (controllers < 2 || spacing <= Duration(0)) return Duration(0);
  const auto turns = static_cast<std::int64_t>(controllers - 1) * (status == DetectorStatus::ok ? 1 : 2);
  return turns > longest / spacing ? longest : turns * spacing;
}

}  // namespace dbha
