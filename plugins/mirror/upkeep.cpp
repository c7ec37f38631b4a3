#include "mirror/upkeep.hpp"

#include <algorithm>
#include <utility>

#include "mirror/wall_time.hpp"

namespace dbha::mirror {
namespace {

constexpr Duration look_for_topology = std::chrono::milliseconds(100);
/// What is announced before it listens is found by the comparison; what is announced between the two is not.
constexpr Duration listen_for = std::chrono::seconds(5);
constexpr Duration first_pause = std::chrono::seconds(1);
constexpr Duration longest_pause = std::chrono::minutes(1);

TimePoint now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

void Upkeep::start(std::function<bool()> listens) {
  listens_ = std::move(listens);
  thread_ = std::thread([this] { run(); });
}

void Upkeep::end() {
  stop();
  const std::lock_guard ending(ending_);
  if (thread_.joinable()) thread_.join();
}

void Upkeep::missed() {
  const std::lock_guard lock(mutex_);
  missed_ = true;
  changed_.notify_all();
}

void Upkeep::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

void Upkeep::run() {
  if (!wait_until_ready()) return;
  const bool cache = mirror_.settings().direction == Direction::pull;
  Duration pause = first_pause;
  for (bool due = cache || !mirror_.state().complete; due || wait_for_reason();) {
    due = !compare() || !mirror_.state().complete;
    if (!due) {
      pause = first_pause;
    } else {
      if (!rest(pause)) return;
      pause = std::min(2 * pause, longest_pause);
    }
  }
}

bool Upkeep::wait_until_ready() {
  while (!mirror_.topology())
    if (!rest(look_for_topology)) return false;
  for (const TimePoint end = now() + listen_for; !listens_();) {
    if (now() >= end) {
      log_.warning("mirror_does_not_listen", {{"handler", mirror_.settings().handler}});
      return true;
    }
    if (!rest(look_for_topology)) return false;
  }
  return true;
}

/// False: there will be none.
bool Upkeep::wait_for_reason() {
  const Duration every = mirror_.settings().compare_every;
  {
    std::unique_lock lock(mutex_);
    const auto awaited = [this] { return stopped_ || missed_; };
    if (mirror_.settings().direction == Direction::push || every == Duration{}) {
      changed_.wait(lock, awaited);
    } else {
      changed_.wait_for(lock, every, awaited);
    }
    if (stopped_) return false;
    if (!missed_) return true;
  }
  return wait_for_moment();
}

/// False: it ends.
bool Upkeep::wait_for_moment() {
  const Duration window = host_.resync_window();
  if (window <= Duration{}) return true;
  const Duration pause(std::uniform_int_distribution<Duration::rep>(0, window.count())(random_));
  log_.info("mirror_comparison_waits", {{"handler", mirror_.settings().handler},
                                        {"for_ms", std::to_string(pause / std::chrono::milliseconds(1))}});
  return rest(pause);
}

/// False: it ends.
bool Upkeep::rest(Duration duration) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, duration, [this] { return stopped_; });
  return !stopped_;
}

/// True: nothing is in doubt any more.
bool Upkeep::compare() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    missed_ = false;
  }
  DbRestart all;
  all.id = "upkeep-" + std::to_string(wall_time().ms()) + '-' + std::to_string(++comparisons_);
  all.cause = Cause::start;
  all.partitions.set({{0}, {mirror_.topology()->partitions - 1}}, {});
  return resync_.run(all);
}

}  // namespace dbha::mirror
