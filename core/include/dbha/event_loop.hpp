#pragma once
/// The loop that owns all sockets and timers of a process. An interface, so that tests and the simulator run the same
/// code on a virtual clock.

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include <dbha/types.hpp>

namespace dbha {

/// What a file descriptor is watched for, or found ready for. Errors and hang-ups are reported as readable, so that the
/// next read() says what happened.
struct Readiness {
  bool readable = false;
  bool writable = false;
  friend bool operator==(Readiness, Readiness) = default;
};

/// In one turn all database descriptors are served first, then timers that are due, then posted functions and the bus:
/// a burst of acks must not delay the detection of a failover.
enum class Priority { database, bus };

/// Served by one thread, the loop thread. Every member function but post() may only be called on it, or before it runs.
/// Callbacks must not throw and must not block.
class EventLoop {
 public:
  using Id = std::uint64_t;
  using Task = std::function<void()>;
  /// Returns the delay until it is to be called again, nothing to end the timer.
  using TimerTask = std::function<std::optional<Duration>()>;
  using WatchTask = std::function<void(Readiness)>;

  virtual ~EventLoop() = default;

  /// The time of this turn: one value for all that happens in it.
  virtual TimePoint now() const = 0;
  /// Runs the task on the loop thread, in the order of the posts. Any thread. Tasks still waiting when the loop ends
  /// are dropped.
  virtual void post(Task task) = 0;

  /// Prefer Timer and Watch below, which end themselves.
  virtual Id start_timer(Duration delay, TimerTask task) = 0;
  virtual void cancel_timer(Id id) = 0;
  virtual Id start_watch(int fd, Readiness interest, Priority priority, WatchTask task) = 0;
  virtual void change_watch(Id id, Readiness interest) = 0;
  /// Must be called before the descriptor is closed. No callback of it runs afterwards, not even one already collected.
  virtual void end_watch(Id id) = 0;
};

/// A timer that ends with its owner. Movable; an empty one does nothing.
class Timer {
 public:
  Timer() = default;
  Timer(EventLoop& loop, Duration delay, EventLoop::TimerTask task)
      : loop_(&loop), id_(loop.start_timer(delay, std::move(task))) {}
  Timer(Timer&& other) noexcept : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}
  Timer& operator=(Timer&& other) noexcept {
    std::swap(loop_, other.loop_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Timer() { reset(); }

  /// Ends the timer. Also allowed after it has ended by itself.
  void reset() {
    if (loop_) std::exchange(loop_, nullptr)->cancel_timer(id_);
  }

 private:
  EventLoop* loop_ = nullptr;
  EventLoop::Id id_ = 0;
};

/// A watched descriptor. Ends the watch with its owner; does not own the descriptor.
class Watch {
 public:
  Watch() = default;
  Watch(EventLoop& loop, int fd, Readiness interest, Priority priority, EventLoop::WatchTask task)
      : loop_(&loop), id_(loop.start_watch(fd, interest, priority, std::move(task))) {}
  Watch(Watch&& other) noexcept : loop_(std::exchange(other.loop_, nullptr)), id_(other.id_) {}
  Watch& operator=(Watch&& other) noexcept {
    std::swap(loop_, other.loop_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Watch() { reset(); }

  void change(Readiness interest) {
    if (loop_) loop_->change_watch(id_, interest);
  }
  void reset() {
    if (loop_) std::exchange(loop_, nullptr)->end_watch(id_);
  }
  explicit operator bool() const { return loop_ != nullptr; }

 private:
  EventLoop* loop_ = nullptr;
  EventLoop::Id id_ = 0;
};

}  // namespace dbha
