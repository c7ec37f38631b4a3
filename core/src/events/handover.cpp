#include "events/handover.hpp"

#include <utility>

#include <dbha/error.hpp>

namespace dbha {

bool Handover::handle(const Event& event) {
  std::unique_lock lock(mutex_);
  outcome_.reset();
  if (!stopped_) {
    lock.unlock();
    give_(event);
    lock.lock();
  }
  changed_.wait(lock, [this] { return outcome_ || stopped_; });
  if (!outcome_) throw Error("its subscription ends");
  if (outcome_->failure) throw Error(*outcome_->failure);
  return true;
}

void Handover::finish(std::optional<std::string> failure) {
  const std::lock_guard lock(mutex_);
  outcome_ = Outcome{std::move(failure)};
  changed_.notify_all();
}

void Handover::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace dbha
