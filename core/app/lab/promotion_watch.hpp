#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "lab/cluster.hpp"

namespace dbha::lab {

/// The first moment at which a replica was seen to be a primary.
struct Promotion {
  using TimePoint = std::chrono::steady_clock::time_point;

  std::size_t node;    ///< index in the cluster
  TimePoint earliest;  ///< when ROLE was asked the last time that it still said replica: the promotion came after this
  TimePoint time;      ///< when ROLE first said master: the promotion came before this

  /// `time` in ns of CLOCK_MONOTONIC, which all processes of the machine share.
  std::int64_t monotonic_ns() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  }
};

/// Asks replicas for their role about each millisecond, each on a thread and connection of its own, so that a stopped
/// one delays no other, and records when one first says master. This is the zero of every measurement of how fast a
/// failover is noticed.
class PromotionWatch {
 public:
  /// Watches these nodes of the cluster from now on; the cluster itself is not used afterwards. Returns when each node
  /// that runs has answered once, so that no promotion ordered after this is missed.
  PromotionWatch(const Cluster& cluster, const std::vector<std::size_t>& replicas);
  /// Ends at once, but for a node that does not answer: within 0.2 s.
  ~PromotionWatch();
  PromotionWatch(const PromotionWatch&) = delete;
  PromotionWatch& operator=(const PromotionWatch&) = delete;

  /// The first promotion, as soon as there is one; nullopt if none is seen within `timeout`.
  std::optional<Promotion> wait(std::chrono::nanoseconds timeout);

  /// All promotions so far, in the order seen.
  std::vector<Promotion> promotions() const;

 private:
  void watch(const std::stop_token& stop, std::size_t node, const std::function<SaidRole()>& ask);

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Promotion> promotions_;
  std::size_t started_ = 0;            // replicas that have answered, or failed to, once
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace dbha::lab
