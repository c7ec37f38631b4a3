#include "lab/promotion_watch.hpp"

namespace dbha::lab {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPeriod{1};
}  // namespace

PromotionWatch::PromotionWatch(const Cluster& cluster, const std::vector<std::size_t>& replicas) {
  for (const std::size_t node : replicas)
    threads_.emplace_back(
        [this, node, ask = cluster.role_question(node)](const std::stop_token& stop) { watch(stop, node, ask); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return started_ == replicas.size(); });
}

PromotionWatch::~PromotionWatch() {
  for (auto& thread : threads_) thread.request_stop();  // all first: the joins that follow then do not add up
}

void PromotionWatch::watch(const std::stop_token& stop, std::size_t node, const std::function<SaidRole()>& ask) {
  auto earliest = Clock::now();
  for (bool first = true; !stop.stop_requested(); first = false) {
    const auto asked = Clock::now();
    const SaidRole role = ask();
    const auto answered = Clock::now();
    if (role == SaidRole::replica) earliest = asked;

    std::unique_lock lock(mutex_);
    if (role == SaidRole::primary) promotions_.push_back({node, earliest, answered});
    if (first) ++started_;
    if (first || role == SaidRole::primary) changed_.notify_all();
    if (role == SaidRole::primary) return;
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
