#pragma once

#include <optional>
#include <string>

#include <dbha/types.hpp>

namespace dbha::sim {

/// What a run must not show. In order of weight; all but the last four fail it.
enum class Breach {
  wrong_owner,        ///< lasting: the topology names another owner than the true one
  wrong_incarnation,  ///< lasting: the topology holds another life of a node than the true one
  wrong_digest,       ///< lasting: a controller uses another topology than the detector's
  not_well,           ///< lasting: the detector is not ok, or an event stays pending
  missed,             ///< a change that may have lost writes led to no dbrestart
  lost_write,         ///< an acknowledged write is gone, and nobody was told to write it again
  backwards,          ///< a published claim or mark went back
  unfounded,          ///< a published owner never was one, or a life of a node that it never had
  budget,             ///< more was asked of the database in a second than the budget allows
  not_a_join,         ///< a controller applied what no detector published
  early,              ///< an event left before the topology it belongs to was applied
  minority,           ///< what was published is known to a minority of the primaries only
  in_tilt,            ///< something was published by a detector that does not trust itself
  planted,            ///< what a test asked for
  cluster_stuck,      ///< the database itself did not come to rest: the rest of the run is judged all the same
  unbroken,  ///< away and back so fast that the owner itself never noticed: it still holds all that it ever did
  untold,    ///< DELSLOTS, and ADDSLOTS to another owner before anybody looked: that is how a migration looks too
  spurious,  ///< a dbrestart without a loss
  slow,      ///< settled, but late
};

const char* text_of(Breach breach);
std::optional<Breach> breach_named(const std::string& name);
/// What a summary counts them under: lasting, missed, broken, stuck, unbroken, untold, spurious, slow.
const char* class_of(Breach breach);
bool fails(Breach breach);

struct Violation {
  Breach breach;
  std::string detail;  ///< of a spurious event: begins with why there was no loss, and a colon
  TimePoint at;

  /// Two violations are the same in kind: the breach, and of a spurious event its reason.
  std::string kind() const;
};

}  // namespace dbha::sim
