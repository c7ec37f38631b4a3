#pragma once

#include <chrono>
#include <cstdint>

namespace dbha::mirror {

/// Since 1970, as this machine's clock has it. Microseconds for versions, milliseconds for what is kept and shown.
struct WallTime {
  std::int64_t us = 0;
  std::int64_t ms() const { return us / 1000; }
};

inline WallTime wall_time() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

}  // namespace dbha::mirror
