#pragma once
/// What is to become of a call: the table "reply, this call, the route, the detector" of the design as pure functions.

#include <optional>
#include <string_view>

#include <dbha/backend.hpp>

#include "redis/connection.hpp"

namespace dbha::redis {

/// What an error reply asks for.
enum class ReplyAction {
  moved,        ///< send again at once to the node it names, and route there from now on
  ask,          ///< send again once to the node it names, behind ASKING
  try_again,    ///< again after a backoff: the keys of the call are on both sides of a migration
  unavailable,  ///< again after a backoff: the node does not serve now (LOADING, MASTERDOWN, CLUSTERDOWN)
  read_only,    ///< wait for the route: the node is not the primary any more
  no_room,      ///< as if the connection had been lost before the call was written
  log_in,       ///< NOAUTH: log in and send again, once
  give_back,    ///< the caller's: the database has answered
};
ReplyAction classify(std::string_view error);

/// The node does not run such a command, or not for this user: it has not even looked at what the command says.
bool refuses_command(const Value& reply);
/// Of a transaction: MULTI was refused, so that the commands behind it ran one by one.
bool refuses_multi(const Value& reply);

/// What is known of a call when its fate is decided.
struct CallFacts {
  bool repeatable = false;
  bool maybe_done = false;    ///< written at some time, and not answered since: it may have had an effect
  bool owner_failed = false;  ///< sent to a node that has lost the partition in a change that may lose writes
};

/// A call whose connection is gone: nothing: it is sent again; else how it ends.
inline std::optional<Outcome> after_loss(const CallFacts& call, Fate fate) {
  if (fate == Fate::unwritten || call.repeatable) return std::nullopt;
  return Outcome::outcome_unknown;
}

inline Outcome after_deadline(const CallFacts& call) {
  return call.maybe_done ? Outcome::outcome_unknown : Outcome::timeout;
}

inline Outcome after_close(const CallFacts& call) {
  return call.maybe_done ? Outcome::outcome_unknown : Outcome::cancelled;
}

/// Of a reply that is no error. A stopped primary that wakes up answers +OK for writes that nobody keeps.
inline Outcome after_success(const CallFacts& call) {
  return call.owner_failed ? Outcome::outcome_unknown : Outcome::ok;
}

/// What the detector is told when a connection could not be made or was lost twice. Nothing where the node lives and
/// merely does not like us.
std::optional<HintKind> hint_of(CloseReason reason);
/// The same for a reply.
std::optional<HintKind> hint_of(ReplyAction action);

}  // namespace dbha::redis
