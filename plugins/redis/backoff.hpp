#pragma once
/// How long to wait before the next try.

#include <algorithm>
#include <random>

#include <dbha/types.hpp>

namespace dbha::redis {

/// Doubles from `first` to `longest`; each delay is drawn from the upper half, so that a fleet that lost a node at the
/// same moment does not come back to it at the same moment. A value: no timer, no clock.
class Backoff {
 public:
  Backoff(Duration first, Duration longest) : first_(first), longest_(longest), next_(first) {}

  Duration next() {
    const auto delay = next_;
    next_ = std::min(next_ * 2, longest_);
    std::uniform_int_distribution<Duration::rep> jitter(0, delay.count() / 2);
    return delay - Duration(jitter(random_));
  }
  void reset() { next_ = first_; }

 private:
  Duration first_;
  Duration longest_;
  Duration next_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace dbha::redis
