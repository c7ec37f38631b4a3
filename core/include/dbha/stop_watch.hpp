#pragma once
/// Brings a std::stop_token, which may be stopped on any thread, to the loop thread: for backends, whose calls can be
/// cancelled (Call::stop).

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include <dbha/event_loop.hpp>

namespace dbha {

/// Made and destroyed on the loop thread.
class StopWatch {
 public:
  StopWatch() = default;
  /// `stopped` runs once on the loop thread, later than this returns, as soon as the token is stopped; never after this
  /// object has ended. Costs nothing for a token that nobody can stop.
  StopWatch(EventLoop& loop, std::stop_token token, EventLoop::Task stopped) {
    if (!token.stop_possible()) return;
    state_ = std::make_shared<State>(std::move(stopped));
    state_->callback.emplace(std::move(token), [&loop, weak = std::weak_ptr(state_)] {
      loop.post([weak] {
        const auto state = weak.lock();
        if (state && state->stopped) std::exchange(state->stopped, nullptr)();
      });
    });
  }
  StopWatch(StopWatch&& other) noexcept = default;
  StopWatch& operator=(StopWatch&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~StopWatch() {
    // A posted task may hold the state for a moment; a callback that is running on another thread is waited for.
    if (!state_) return;
    state_->stopped = nullptr;
    state_->callback.reset();
  }

 private:
  struct State {
    explicit State(EventLoop::Task task) : stopped(std::move(task)) {}
    EventLoop::Task stopped;  // loop thread only
    std::optional<std::stop_callback<std::function<void()>>> callback;
  };
  std::shared_ptr<State> state_;
};

}  // namespace dbha
