#pragma once

#include <chrono>
#include <cstdint>

namespace dbha {

/// Milliseconds since 1970: for logs, for people, and for the start of a detector. No decision depends on it.
inline std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace dbha
