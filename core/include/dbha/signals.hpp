#pragma once
/// The signs by which a detector learns of a change before its next round would tell. Each is a reason to look and
/// never a fact, so that each can be done without: where an ACL forbids its command, or an operator its cost.

#include <array>
#include <cstddef>

namespace dbha {

enum class Signal {
  connection,  ///< a connection that ends or is refused
  channel,     ///< the push that a demoted primary sends (Redis: SSUBSCRIBE)
  heartbeat,   ///< a sign of life asked of each primary (Redis: PING)
  role,        ///< the role asked of each replica (Redis: ROLE)
  epoch,       ///< the greatest epoch that a node has heard of (Redis: CLUSTER INFO)
  hints,       ///< what the controllers meet
};

inline constexpr std::array all_signals{Signal::connection, Signal::channel, Signal::heartbeat,
                                        Signal::role,       Signal::epoch,   Signal::hints};

inline const char* text_of(Signal signal) {
  static constexpr const char* names[] = {"connection", "channel", "heartbeat", "role", "epoch", "hints"};
  return names[static_cast<std::size_t>(signal)];
}

/// Which of them are used. All, unless told otherwise.
class Signals {
 public:
  constexpr Signals() { used_.fill(true); }
  constexpr Signals& set(Signal signal, bool used) {
    used_[static_cast<std::size_t>(signal)] = used;
    return *this;
  }
  constexpr bool has(Signal signal) const { return used_[static_cast<std::size_t>(signal)]; }
  friend bool operator==(const Signals&, const Signals&) = default;

 private:
  std::array<bool, all_signals.size()> used_{};
};

}  // namespace dbha
