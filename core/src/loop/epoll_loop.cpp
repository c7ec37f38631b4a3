#include "loop/epoll_loop.hpp"

#include <cerrno>
#include <cstring>
#include <memory>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <dbha/error.hpp>

namespace dbha {
namespace {

constexpr EventLoop::Id wake_id = 0;
constexpr Duration longest_wait = std::chrono::seconds(60);

std::uint32_t bits_of(Readiness interest) {
  return (interest.readable ? std::uint32_t{EPOLLIN} : 0U) | (interest.writable ? std::uint32_t{EPOLLOUT} : 0U);
}

/// With whole milliseconds a 5 ms probe would come up to 1 ms late; but kernels before 5.11 know nothing finer.
int wait_for_events(int epoll, epoll_event* events, int count, Duration limit) {
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(limit / std::chrono::seconds(1));
  timeout.tv_nsec = static_cast<long>((limit % std::chrono::seconds(1)).count());
  const int n = epoll_pwait2(epoll, events, count, &timeout, nullptr);
  if (n >= 0 || errno != ENOSYS) return n;
  return epoll_wait(epoll, events, count,
                    static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(limit).count()));
}

[[noreturn]] void fail(const char* call) {
  throw StartError(std::string(call) + ": " + std::strerror(errno));
}

}  // namespace

EpollLoop::EpollLoop() : now_(std::chrono::steady_clock::now()) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) fail("epoll_create1");
  wake_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_ < 0) fail("eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = wake_id;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) fail("epoll_ctl");
}

EpollLoop::~EpollLoop() {
  close(wake_);
  close(epoll_);
}

void EpollLoop::run() {
  while (!stopping_.load(std::memory_order_acquire)) turn(longest_wait);
}

void EpollLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void EpollLoop::turn(Duration limit) {
  wait(until_next_timer(limit));
  serve(Priority::database);
  run_due_timers();
  run_posted();
  serve(Priority::bus);
  ready_.clear();
}

void EpollLoop::wait(Duration limit) {
  epoll_event events[256];
  const int n = wait_for_events(epoll_, events, 256, limit);
  now_ = std::chrono::steady_clock::now();
  if (n < 0 && errno != EINTR) fail("epoll_wait");
  for (int i = 0; i < n; ++i) {
    const auto& event = events[i];
    if (event.data.u64 == wake_id) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = read(wake_, &count, sizeof count);
      continue;
    }
    const bool broken = (event.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
    ready_.emplace_back(event.data.u64, Readiness{.readable = broken || (event.events & EPOLLIN) != 0,
                                                  .writable = (event.events & EPOLLOUT) != 0});
  }
}

void EpollLoop::serve(Priority priority) {
  for (const auto& [id, readiness] : ready_) {
    auto it = watches_.find(id);  // looked up again each time: a callback before this one may have ended the watch
    if (it == watches_.end() || it->second->priority != priority) continue;
    const auto entry = it->second;  // keeps the callback alive while it runs, even if it ends its own watch
    entry->task(readiness);
  }
}

void EpollLoop::run_due_timers() {
  // A timer started here with no delay waits for the next turn, so that it cannot keep the bus from being served.
  const Id newest = next_id_;
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    auto node = timers_.extract(timers_.begin());
    const Id id = node.key().second;
    if (id >= newest) {
      timers_.insert(std::move(node));
      return;
    }
    const auto again = node.mapped()();
    auto known = timer_times_.find(id);  // gone if the callback cancelled its own timer
    if (known == timer_times_.end()) continue;
    if (!again) {
      timer_times_.erase(known);
      continue;
    }
    known->second = now_ + std::max(*again, Duration(1));
    node.key() = {known->second, id};
    timers_.insert(std::move(node));
  }
}

void EpollLoop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void EpollLoop::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto sent = write(wake_, &one, sizeof one);  // a full counter wakes as well
}

Duration EpollLoop::until_next_timer(Duration limit) const {
  if (timers_.empty()) return limit;
  const auto left = timers_.begin()->first.first - std::chrono::steady_clock::now();
  return std::clamp(left, Duration(0), limit);
}

void EpollLoop::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) wake();
}

EventLoop::Id EpollLoop::start_timer(Duration delay, TimerTask task) {
  const Id id = next_id_++;
  const TimePoint due = std::chrono::steady_clock::now() + delay;
  timers_.emplace(TimerKey{due, id}, std::move(task));
  timer_times_.emplace(id, due);
  return id;
}

void EpollLoop::cancel_timer(Id id) {
  auto it = timer_times_.find(id);
  if (it == timer_times_.end()) return;
  timers_.erase({it->second, id});
  timer_times_.erase(it);
}

EventLoop::Id EpollLoop::start_watch(int fd, Readiness interest, Priority priority, WatchTask task) {
  const Id id = next_id_++;
  epoll_event event{};
  event.events = bits_of(interest);
  event.data.u64 = id;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
  watches_.emplace(id, std::make_shared<WatchEntry>(WatchEntry{fd, priority, std::move(task), interest}));
  return id;
}

void EpollLoop::change_watch(Id id, Readiness interest) {
  auto it = watches_.find(id);
  if (it == watches_.end() || it->second->interest == interest) return;
  it->second->interest = interest;
  epoll_event event{};
  event.events = bits_of(interest);
  event.data.u64 = id;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, it->second->fd, &event) != 0) fail("epoll_ctl");
}

void EpollLoop::end_watch(Id id) {
  auto it = watches_.find(id);
  if (it == watches_.end()) return;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, it->second->fd, nullptr);
  watches_.erase(it);
}

}  // namespace dbha
