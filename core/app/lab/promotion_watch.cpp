#include "lab/promotion_watch.hpp"

#include <stdexcept>
#include <utility>

#include "lab/redis_cluster.hpp"

namespace dbha::lab {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPeriod{1};
constexpr RedisClient::Timeouts kTimeouts{std::chrono::milliseconds(200), std::chrono::milliseconds(200)};

enum class Role { primary, replica, unknown };

Role ask_role(RedisClient& client) {
  try {
    const Reply reply = client.command({"ROLE"});
    if (reply.elements.empty()) return Role::unknown;  // LOADING, NOAUTH
    return reply.elements.front().text == "master" ? Role::primary : Role::replica;
  } catch (const std::runtime_error&) {
    return Role::unknown;  // dead or stopped for now: asked again, on a new connection
  }
}

}  // namespace

PromotionWatch::PromotionWatch(const RedisCluster& cluster, const std::vector<std::size_t>& replicas) {
  for (const std::size_t node : replicas)
    threads_.emplace_back([this, node, client = cluster.client(node, kTimeouts)](const std::stop_token& stop) mutable {
      watch(stop, node, std::move(client));
    });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return started_ == replicas.size(); });
}

PromotionWatch::~PromotionWatch() {
  for (auto& thread : threads_) thread.request_stop();  // all first: the joins that follow then do not add up
}

void PromotionWatch::watch(const std::stop_token& stop, std::size_t node, RedisClient client) {
  auto earliest = Clock::now();
  for (bool first = true; !stop.stop_requested(); first = false) {
    const auto asked = Clock::now();
    const Role role = ask_role(client);
    const auto answered = Clock::now();
    if (role == Role::replica) earliest = asked;

    std::unique_lock lock(mutex_);
    if (role == Role::primary) promotions_.push_back({node, earliest, answered});
    if (first) ++started_;
    if (first || role == Role::primary) changed_.notify_all();
    if (role == Role::primary) return;
    changed_.wait_for(lock, stop, kPeriod, [] { return false; });
  }
}

std::optional<Promotion> PromotionWatch::wait(std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, timeout, [&] { return !promotions_.empty(); })) return std::nullopt;
  return promotions_.front();
}

std::vector<Promotion> PromotionWatch::promotions() const {
  const std::lock_guard lock(mutex_);
  return promotions_;
}

}  // namespace dbha::lab
