#include "controller/hint_relay.hpp"

#include <algorithm>
#include <utility>

namespace dbha {

void HintRelay::take(const Hint& hint, const Topology* topology, std::uint32_t fleet, TimePoint now) {
  forget_old(now);
  const HintTopic topic = topic_of(hint, topology);
  auto entry = topics_.find(topic);
  if (entry != topics_.end() && entry->second.waiting) {
    ++counts_.coalesced;
    return;
  }
  if (entry == topics_.end()) {
    if (topics_.size() >= most_topics) {
      ++counts_.dropped;
      return;
    }
    entry = topics_.emplace(topic, Entry{}).first;
  }
  entry->second.waiting = hint;
  entry->second.due = std::max(now, entry->second.sent + once_in) + delay(fleet);
}

Duration HintRelay::delay(std::uint32_t fleet) {
  std::uniform_real_distribution<double> any(0, fleet / hints_per_second);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(any(random_)));
}

std::vector<Hint> HintRelay::due(const Feed& feed, TimePoint now) {
  std::vector<Hint> out;
  for (auto& [topic, entry] : topics_) {
    if (!entry.waiting || entry.due > now) continue;
    Hint hint = *std::exchange(entry.waiting, std::nullopt);
    if (feed.suspected(topic.shard, now)) {
      ++counts_.known;
      continue;
    }
    ++counts_.sent;
    entry.sent = now;
    out.push_back(std::move(hint));
  }
  return out;
}

std::optional<Duration> HintRelay::next(TimePoint now) const {
  std::optional<TimePoint> first;
  for (const auto& [topic, entry] : topics_)
    if (entry.waiting) first = std::min(first.value_or(entry.due), entry.due);
  if (!first) return std::nullopt;
  return std::max(*first - now, Duration(0));
}

void HintRelay::forget_old(TimePoint now) {
  std::erase_if(topics_,
                [&](const auto& entry) { return !entry.second.waiting && now - entry.second.sent >= once_in; });
}

}  // namespace dbha
