#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_set>

namespace dbha::mirror {

/// The entries that the database has answered and not taken: its user may lack a permission, or the key be somebody
/// else's. Any thread.
class Rejections {
 public:
  /// True: it is the first one, which is worth a line in the log.
  bool add(std::int64_t number, std::string why) {
    const std::lock_guard lock(mutex_);
    const bool first = numbers_.empty();
    if (numbers_.size() < counted) numbers_.insert(number);
    last_ = std::move(why);
    return first;
  }
  void remove(std::int64_t number) {
    const std::lock_guard lock(mutex_);
    numbers_.erase(number);
  }
  /// Empty if there is none.
  std::string text() const {
    const std::lock_guard lock(mutex_);
    if (numbers_.empty()) return {};
    return "the database does not take some entries of the outbox (" + std::to_string(numbers_.size()) +
           "), the last was " + last_;
  }

 private:
  static constexpr std::size_t counted = 10'000;

  mutable std::mutex mutex_;
  std::unordered_set<std::int64_t> numbers_;
  std::string last_;
};

}  // namespace dbha::mirror
