#pragma once
/// How long nodes take to answer, when nothing of ours stands between.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <dbha/types.hpp>

#include "lab/redis_cluster.hpp"

namespace dbha::test {

/// PINGs each node about each millisecond, on a blocking connection and a thread of its own. A node that syncs its
/// nodes.conf to a busy disk (it does for every slot that changes hands) answers nobody meanwhile.
class BareCalls {
 public:
  BareCalls(const lab::RedisCluster& cluster, const std::vector<std::size_t>& nodes);

  /// The longest that any of the nodes took so far.
  Duration worst() const { return Duration(worst_); }

 private:
  void call(const std::stop_token& stop, lab::RedisClient node);

  std::atomic<Duration::rep> worst_ = 0;
  std::mutex mutex_;
  std::condition_variable_any pause_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace dbha::test
