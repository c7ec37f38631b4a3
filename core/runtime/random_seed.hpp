#pragma once

#include <cstdint>
#include <random>

namespace dbha {

/// Of the jitter, which must differ from process to process.
inline std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace dbha
