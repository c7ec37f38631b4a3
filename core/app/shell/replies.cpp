#include "shell/replies.hpp"

namespace dbha::shell {

Completion Replies::expect(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = first_ + results_.size();
  results_.emplace_back();
  ++outstanding_.calls;
  outstanding_.bytes += bytes;
  return [this, number, bytes](Result result) {
    {
      const std::lock_guard guard(mutex_);
      results_[number - first_] = std::move(result);
      --outstanding_.calls;
      outstanding_.bytes -= bytes;
    }
    came_();
  };
}

void Replies::add(Result result) {
  const std::lock_guard lock(mutex_);
  results_.emplace_back(std::move(result));
}

std::optional<Result> Replies::take() {
  const std::lock_guard lock(mutex_);
  if (results_.empty() || !results_.front()) return std::nullopt;
  auto out = std::move(results_.front());
  results_.pop_front();
  ++first_;
  return out;
}

bool Replies::empty() const {
  const std::lock_guard lock(mutex_);
  return results_.empty();
}

Replies::Outstanding Replies::outstanding() const {
  const std::lock_guard lock(mutex_);
  return outstanding_;
}

}  // namespace dbha::shell
