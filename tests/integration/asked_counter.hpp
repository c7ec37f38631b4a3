#pragma once
/// How often the nodes were asked what only a detector asks, counted by the nodes themselves.

#include <chrono>
#include <optional>
#include <vector>

#include "lab/redis_cluster.hpp"

namespace dbha::test {

/// No controller may run meanwhile, and no failover happen: a PING counts where no primary sends it along with its
/// stream of writes.
class AskedCounter {
 public:
  explicit AskedCounter(lab::RedisCluster& cluster);

  /// Reads all counts; those of a node that cannot be asked stay as they were.
  void look(std::optional<std::size_t> unreachable = {});
  /// The most in a second or a little more since the last time this was asked, in commands a second.
  double highest_rate();

 private:
  using Clock = std::chrono::steady_clock;
  struct Node {
    lab::RedisClient client;
    bool is_primary;
    double own_questions;
    double calls;
  };
  /// Somewhere between its begin and its end the nodes have counted.
  struct Look {
    Clock::time_point begin;
    Clock::time_point end;
    double calls;
  };
  static double rate(const Look& from, const Look& to);

  std::vector<Node> nodes_;
  std::vector<Look> looks_;
};

}  // namespace dbha::test
