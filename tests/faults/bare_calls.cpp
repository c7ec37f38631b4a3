#include "bare_calls.hpp"

#include <chrono>

namespace dbha::test {
namespace {

using namespace std::chrono_literals;

}  // namespace

BareCalls::BareCalls(const lab::RedisCluster& cluster, const std::vector<std::size_t>& nodes) {
  for (const auto node : nodes)
    threads_.emplace_back(
        [this, client = cluster.client(node)](const std::stop_token& stop) mutable { call(stop, std::move(client)); });
}

void BareCalls::call(const std::stop_token& stop, lab::RedisClient node) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    lock.unlock();
    const auto before = std::chrono::steady_clock::now();
    node.answers();
    const auto took = (std::chrono::steady_clock::now() - before).count();
    lock.lock();
    if (took > worst_) worst_ = took;
    pause_.wait_for(lock, stop, 1ms, [] { return false; });
  }
}

}  // namespace dbha::test
