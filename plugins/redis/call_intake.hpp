#pragma once
/// What a call asks for, before anything is sent: pure functions of the call alone.

#include <optional>
#include <string>
#include <variant>

#include <dbha/backend.hpp>

#include "redis/commands.hpp"

namespace dbha::redis {

/// The call can be sent to one node.
struct Placed {
  std::optional<Partition> slot;  ///< nothing: it has no key, any primary may answer
  bool repeatable = false;
};

/// Its keys lie in several slots, and its command means the same when it is asked of each slot alone.
struct Spread {
  KeyPlaces keys;
};

/// It cannot be sent, whatever the state of the database: how it ends.
struct Unfit {
  Result result;
};

std::variant<Placed, Spread, Unfit> take_in(const Call& call);

}  // namespace dbha::redis
