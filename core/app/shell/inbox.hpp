#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace dbha::shell {

/// What comes on other threads, for the shell's own to take.
template <class Item>
class Inbox {
 public:
  /// `came` is called after each, on the thread that brings it.
  explicit Inbox(std::function<void()> came = [] {}) : came_(std::move(came)) {}

  void add(Item item) {
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    came_();
  }
  std::vector<Item> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(items_, {});
  }

 private:
  std::function<void()> came_;
  std::mutex mutex_;
  std::vector<Item> items_;
};

}  // namespace dbha::shell
