#pragma once
/// Chance that follows from a seed alone, on every machine: the distributions of the standard library differ.

#include <cstdint>
#include <string>

#include <dbha/types.hpp>

namespace dbha::memory {

/// splitmix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t x = state_ += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
  }
  /// Both included.
  Duration between(Duration least, Duration most) {
    if (most <= least) return least;
    const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least + Duration(static_cast<Duration::rep>(next() % span));
  }
  /// 40 hexadecimal digits, as Redis names nodes, lives and streams.
  std::string name() {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (int i = 0; i < 40; ++i) out += digits[next() >> 60];
    return out;
  }

 private:
  std::uint64_t state_;
};

}  // namespace dbha::memory
