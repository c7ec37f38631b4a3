#pragma once
/// The way back from the server's thread to a client's loop.

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include <dbha/event_loop.hpp>

namespace dbha::memory {

/// The server may outlive a client and its loop, so it holds this instead of them.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(EventLoop& loop) : loop_(&loop) {}

  /// Any thread. Runs the task on the loop, later than this returns, unless the mailbox was closed by then.
  void deliver(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (!loop_) return;
    loop_->post([self = shared_from_this(), task = std::move(task)] {
      if (self->open_) task();
    });
  }
  /// Loop thread. Nothing is delivered afterwards, not even what is on its way.
  void close() {
    open_ = false;
    const std::lock_guard lock(mutex_);
    loop_ = nullptr;
  }

 private:
  std::mutex mutex_;
  EventLoop* loop_;   // guarded by mutex_; nullptr: closed
  bool open_ = true;  // touched on the loop only
};

}  // namespace dbha::memory
