#pragma once

#include <cstdint>

#include <dbha/types.hpp>

namespace dbha::sim {

/// The same numbers from the same seed with every compiler and library, which the distributions of <random> do not
/// promise (SplitMix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// From 0 to n-1.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  bool chance(double p) { return unit() < p; }
  /// Both included.
  Duration between(Duration least, Duration most) {
    return least + Duration(static_cast<Duration::rep>(below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }
  /// A stream of numbers of its own: what one part draws changes nothing for the others.
  Random fork(std::uint64_t part) const { return Random(state_ ^ (part * 0xd1342543de82ef95ULL + 1)); }

 private:
  std::uint64_t state_;
};

}  // namespace dbha::sim
