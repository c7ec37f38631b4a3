#pragma once

#include <algorithm>

#include <dbha/backend.hpp>

namespace dbha {

/// A token bucket whose content and inflow together are what a second allows: over ANY second no more than that leaves
/// it, also over one that begins with a full bucket.
class Budget {
 public:
  explicit Budget(double per_second) : per_second_(per_second), left_(per_second * burst) {}

  /// `largest`: the most that one question costs; the bucket must be able to hold it.
  void refill(double seconds, double largest) {
    capacity_ = std::clamp(largest, per_second_ * burst, per_second_ / 2);
    left_ = std::min(left_ + seconds * (per_second_ - capacity_), capacity_);
  }
  /// `reserve`: the share of the bucket to be left for what is more urgent. A full bucket affords everything: in a
  /// database so large that one answer costs more than half a second's worth, it goes into debt.
  bool affords(double cost, double reserve) const { return left_ >= std::min(cost + reserve * capacity_, capacity_); }
  void spend(double cost) { left_ -= cost; }

 private:
  /// A tenth of a second's worth may go out at once: a hint is followed by a burst.
  static constexpr double burst = 0.1;

  double per_second_;
  double capacity_ = per_second_ * burst;
  double left_;
};

}  // namespace dbha
