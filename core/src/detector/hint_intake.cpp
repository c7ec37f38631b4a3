#include "detector/hint_intake.hpp"

#include <algorithm>

namespace dbha {

HintVerdict HintIntake::take(const Hint& hint, const HintTopic& topic, bool suspect, bool allowed, TimePoint now) {
  const HintVerdict verdict = judge(hint, topic, suspect, allowed, now);
  Counts& counts = counts_[static_cast<std::size_t>(hint.kind)];
  ++counts.received;
  if (verdict == HintVerdict::coalesced) ++counts.coalesced;
  if (verdict == HintVerdict::limited) ++counts.limited;
  return verdict;
}

HintVerdict HintIntake::judge(const Hint& hint, const HintTopic& topic, bool suspect, bool allowed, TimePoint now) {
  if (!allowed) return HintVerdict::limited;
  if (suspect) return HintVerdict::coalesced;
  std::erase_if(looks_,
                [&](const auto& entry) { return !entry.second.waiting && now - entry.second.at >= forgotten_after; });
  const auto last = looks_.find(topic);
  if (last == looks_.end()) {
    if (looks_.size() >= most_topics) return HintVerdict::limited;
    looks_[topic].at = now;
    return HintVerdict::look;
  }
  Look& look = last->second;
  if (now - look.at < look.pause) {
    if (!look.waiting) look.waiting = hint;
    return HintVerdict::coalesced;
  }
  look = {.at = now, .pause = std::min(2 * look.pause, longest_pause), .waiting = {}};
  return HintVerdict::look;
}

std::vector<Hint> HintIntake::due(TimePoint now) {
  std::vector<Hint> out;
  for (auto& [topic, look] : looks_) {
    if (!look.waiting || now - look.at < look.pause) continue;
    out.push_back(*look.waiting);
    look = {.at = now, .pause = std::min(2 * look.pause, longest_pause), .waiting = {}};
  }
  return out;
}

}  // namespace dbha
