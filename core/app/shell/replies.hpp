#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include <dbha/backend.hpp>

namespace dbha::shell {

/// Replies in the order of their commands, in whatever order they come. Must outlive the controller, which ends the
/// calls that it still has.
class Replies {
 public:
  /// `came` is called after each, on the loop thread.
  explicit Replies(std::function<void()> came) : came_(std::move(came)) {}

  /// A place for the reply of a call of that many bytes.
  Completion expect(std::size_t bytes);
  /// One that is known already.
  void add(Result result);
  /// The oldest, if it has come.
  std::optional<Result> take();
  /// None is expected any more, and all are taken.
  bool empty() const;

  /// Calls that have not ended, and their bytes.
  struct Outstanding {
    std::size_t calls = 0;
    std::size_t bytes = 0;
  };
  Outstanding outstanding() const;

 private:
  std::function<void()> came_;
  mutable std::mutex mutex_;
  std::deque<std::optional<Result>> results_;
  std::uint64_t first_ = 0;  ///< the number of the first of results_
  Outstanding outstanding_;
};

}  // namespace dbha::shell
