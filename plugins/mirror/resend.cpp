#include "mirror/resend.hpp"

#include <algorithm>
#include <memory>

namespace dbha::mirror {
namespace {

/// In one transaction, for which writes wait.
constexpr std::uint32_t chunk = 64;

}  // namespace

bool Resend::run(const PartitionSet& partitions) {
  {
    const std::lock_guard lock(mutex_);
    progress_ = Progress{"resend", 0, partitions.size()};
  }
  bool done = true;
  for (const auto& [range, member] : partitions) {
    for (std::uint64_t first = range.first.value; done && first <= range.last.value; first += chunk) {
      const auto last = std::min<std::uint64_t>(first + chunk - 1, range.last.value);
      done = doubt({{static_cast<std::uint32_t>(first)}, {static_cast<std::uint32_t>(last)}});
      advance(last - first + 1);
    }
  }
  const std::lock_guard lock(mutex_);
  progress_.reset();
  return done;
}

bool Resend::doubt(PartitionRange range) {
  auto answer = std::make_shared<std::optional<std::string>>();
  mirror_.doubt(range, [this, answer](const std::string& refusal) {
    const std::lock_guard lock(mutex_);
    *answer = refusal;
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopped_ || *answer; });
  if (!*answer) return false;
  if (!(*answer)->empty()) log_.warning("mirror_resend_refused", {{"reason", **answer}});
  return (*answer)->empty();
}

void Resend::advance(std::uint64_t partitions) {
  const std::lock_guard lock(mutex_);
  progress_->done += partitions;
}

void Resend::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

std::optional<Progress> Resend::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

}  // namespace dbha::mirror
