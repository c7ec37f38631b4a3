#pragma once
/// Reasons for the detector to look again, told once where a thousand calls see the same.

#include <map>
#include <utility>

#include <dbha/backend.hpp>
#include <dbha/event_loop.hpp>

namespace dbha::redis {

/// Loop thread only.
class Hints {
 public:
  /// One hint of a kind about a node is enough for this long: a hint is acted on within milliseconds, and the detector
  /// asks again by itself for as long as it suspects.
  static constexpr Duration once_in = std::chrono::milliseconds(100);

  Hints(EventLoop& loop, DatabaseListener& listener) : loop_(loop), listener_(listener) {}

  void raise(Hint hint) {
    auto [last, first] = last_.try_emplace({hint.kind, hint.endpoint}, loop_.now());
    if (!first && loop_.now() - last->second < once_in) return;
    last->second = loop_.now();
    listener_.on_hint(std::move(hint));
  }
  /// Forgets nodes that nobody has complained of for a while.
  void tidy() {
    std::erase_if(last_, [&](const auto& entry) { return loop_.now() - entry.second >= once_in; });
  }

 private:
  EventLoop& loop_;
  DatabaseListener& listener_;
  std::map<std::pair<HintKind, Endpoint>, TimePoint> last_;
};

}  // namespace dbha::redis
