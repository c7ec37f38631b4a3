#include "log/rate_limit.hpp"

#include <utility>

namespace dbha {
namespace {

/// Events may be named after what a peer sent; without a bound it could fill the memory with names.
constexpr std::size_t most_events = 1024;

}  // namespace

std::optional<std::uint64_t> RateLimit::allow(std::string_view event, TimePoint now) {
  auto it = windows_.find(event);
  if (it == windows_.end()) {
    if (windows_.size() >= most_events) forget_old(now);
    if (windows_.size() >= most_events) return std::nullopt;
    it = windows_.emplace(event, Window{now}).first;
  }
  Window& window = it->second;
  if (now - window.begin >= interval_) {
    window.begin = now;
    window.written = 0;
  }
  if (window.written < most_) {
    ++window.written;
    return std::exchange(window.suppressed, 0);
  }
  ++window.suppressed;
  return std::nullopt;
}

void RateLimit::forget_old(TimePoint now) {
  std::erase_if(windows_, [&](const auto& entry) { return now - entry.second.begin >= interval_; });
}

}  // namespace dbha
