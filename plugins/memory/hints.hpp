#pragma once
/// Reasons for the detector to look again, told once where a thousand calls see the same.

#include <map>
#include <utility>

#include <dbha/backend.hpp>
#include <dbha/event_loop.hpp>

#include "memory/line.hpp"

namespace dbha::memory {

/// Loop thread only.
class Hints {
 public:
  /// One hint of a kind about a node is enough for this long: the detector asks again by itself while it suspects.
  static constexpr Duration once_in = std::chrono::milliseconds(100);

  Hints(EventLoop& loop, Line& line, DatabaseListener& listener) : loop_(loop), line_(line), listener_(listener) {}

  void raise(Hint hint) {
    std::erase_if(told_, [&](const auto& entry) { return loop_.now() - entry.second >= once_in; });
    if (told_.try_emplace({hint.kind, hint.endpoint}, loop_.now()).second)
      line_.later([this, hint = std::move(hint)] { listener_.on_hint(hint); });  // later: the listener may close us
  }

 private:
  EventLoop& loop_;
  Line& line_;
  DatabaseListener& listener_;
  std::map<std::pair<HintKind, Endpoint>, TimePoint> told_;
};

}  // namespace dbha::memory
