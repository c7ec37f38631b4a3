#pragma once
/// One cell of the matrix: a fault meets a load.

#include <string>

#include "callers.hpp"
#include "fault.hpp"

namespace dbha::test {

/// The columns of the matrix. Whatever the load, one caller of each other shard calls all the time, so that it is seen
/// whether they are disturbed, and of the shard hit two that cannot wait: their deadlines pass during the fault.
struct Load {
  std::string name;
  bool idle = false;        ///< one controller calls once before the fault, and once after it
  std::size_t callers = 0;  ///< of the busy controller, spread over the shards
  std::size_t queued = 0;   ///< calls that are submitted as soon as the shard has lost its primary
  Mix mix = Mix::all;
};

namespace loads {
inline const Load idle{.name = "1 idle caller", .idle = true};
inline const Load traffic{.name = "16 callers", .callers = 16};
inline const Load queue{.name = "1000 queued calls", .queued = 1000};
inline const Load all{.name = "all loads", .idle = true, .callers = 16, .queued = 1000};
inline const Load increments{.name = "16 callers that count", .callers = 16, .mix = Mix::increments};
}  // namespace loads

/// Plays the fault once, checks all that judge() and counts() know of, heals it, and prints one line of what was
/// measured. Returns the dbrestart that is due, empty if none is.
std::string play(Testbed& bed, const Fault& fault, const Load& load, std::size_t shard);

}  // namespace dbha::test
