#pragma once
/// What is to become of a call: pure functions of what is known of it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <dbha/backend.hpp>

namespace dbha::memory {

struct CallFacts {
  bool repeatable = false;
  bool maybe_done = false;    ///< sent at some time, and not answered since: it may have had an effect
  bool owner_failed = false;  ///< sent to a node that has lost the partition in a change that may lose writes
};

/// Its connection is gone after it was sent. Nothing: it is sent again; else how it ends.
inline std::optional<Outcome> after_loss(const CallFacts& call) {
  return call.repeatable ? std::nullopt : std::optional(Outcome::outcome_unknown);
}
inline Outcome after_deadline(const CallFacts& call) {
  return call.maybe_done ? Outcome::outcome_unknown : Outcome::timeout;
}
inline Outcome after_close(const CallFacts& call) {
  return call.maybe_done ? Outcome::outcome_unknown : Outcome::cancelled;
}
/// Of a reply that is no error. A stopped primary that wakes up answers OK for writes that nobody keeps.
inline Outcome after_success(const CallFacts& call) {
  return call.owner_failed ? Outcome::outcome_unknown : Outcome::ok;
}

/// What an error reply asks for.
enum class ErrorAction {
  moved,        ///< send again at once to the node it names, and route there from now on
  unavailable,  ///< again after a pause: CLUSTERDOWN, LOADING
  give_back,    ///< the caller's: the database has answered
};
ErrorAction classify(std::string_view error);

/// "MOVED 17 memory:7001"
struct Redirect {
  Partition partition;
  Endpoint to;
  friend bool operator==(const Redirect&, const Redirect&) = default;
};
std::optional<Redirect> parse_redirect(std::string_view error);

/// Whether the command has no effect, so that it can be sent again at any time.
bool only_reads(const std::vector<std::string>& args);

/// The pause before try number `tries` (from 0): doubling from 10 to 500 ms; `chance` (any number) takes off up to
/// half, so that a fleet does not come back in step.
Duration pause_before(unsigned tries, std::uint64_t chance);

}  // namespace dbha::memory
