#include "redis/deadlines.hpp"

#include <algorithm>

namespace dbha::redis {
namespace {

constexpr std::size_t wheel_size = 4096;  // 16 s of ticks; later deadlines go round more than once

std::int64_t last_tick_at(TimePoint time) {
  return time.time_since_epoch() / Deadlines::tick;
}

}  // namespace

Deadlines::Deadlines() : heads_(wheel_size, none) {}

void Deadlines::add(std::uint32_t index, TimePoint deadline) {
  if (index >= entries_.size()) entries_.resize(std::size_t{index} + 1);
  Entry& entry = entries_[index];
  const auto ceiling = last_tick_at(deadline + tick - Duration(1));
  if (size_ == 0) at_ = std::min(ceiling, std::max(at_, ceiling - static_cast<std::int64_t>(wheel_size) + 1));
  entry.tick = std::max(ceiling, at_);
  std::uint32_t& first = head(entry.tick);
  entry.previous = none;
  entry.next = first;
  if (first != none) entries_[first].previous = index;
  first = index;
  ++size_;
}

void Deadlines::remove(std::uint32_t index) {
  if (index >= entries_.size() || entries_[index].tick < 0) return;
  Entry& entry = entries_[index];
  (entry.previous == none ? head(entry.tick) : entries_[entry.previous].next) = entry.next;
  if (entry.next != none) entries_[entry.next].previous = entry.previous;
  entry = {};
  --size_;
}

std::optional<TimePoint> Deadlines::next() const {
  if (size_ == 0) return std::nullopt;
  std::int64_t candidate = at_;
  while (heads_[static_cast<std::size_t>(candidate) % heads_.size()] == none) ++candidate;
  return TimePoint(candidate * tick);
}

std::vector<std::uint32_t> Deadlines::expired(TimePoint now) {
  std::vector<std::uint32_t> out;
  const std::int64_t last = last_tick_at(now);
  const std::int64_t stop = std::min(last, at_ + static_cast<std::int64_t>(wheel_size) - 1);  // once round is all
  for (std::int64_t visited = at_; visited <= stop && size_ > 0; ++visited) {
    for (std::uint32_t index = head(visited); index != none;) {
      const std::uint32_t following = entries_[index].next;
      if (entries_[index].tick <= last) {
        remove(index);
        out.push_back(index);
      }
      index = following;
    }
  }
  at_ = std::max(at_, last + 1);
  return out;
}

}  // namespace dbha::redis
