#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace dbha::demo {

enum class Fault {
  kill,      ///< SIGKILL to a primary; its replica is promoted
  comeback,  ///< "return": the node that was killed comes back, as a replica
  failover,  ///< graceful: CLUSTER FAILOVER, primary and replica change places
  restart,   ///< a primary dies and is back at once, before anybody suspects it: in place, and empty
  stop,      ///< SIGSTOP to a primary until its replica has replaced it everywhere; then it wakes, and believes itself
  lose,      ///< a primary acknowledges writes that its replica never gets, and dies; a mirror brings them back
};

/// All, in the order in which they are caused without a choice.
inline constexpr std::array all_faults{Fault::kill,    Fault::comeback, Fault::failover,
                                       Fault::restart, Fault::stop,     Fault::lose};

/// The word of the command line.
const char* text_of(Fault fault);
/// All words.
std::vector<std::string> fault_words();

struct Step {
  Fault fault;
  std::size_t shard;
  friend bool operator==(const Step&, const Step&) = default;
};

/// The faults cannot be caused in the order asked for; what() says which, and what to do.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Which shard each fault hits: the one that was left alone for the longest time. A shard of one primary and one
/// replica that has lost a node only serves for `return`. No names stand for all faults. Throws UsageError.
std::vector<Step> plan_faults(const std::vector<std::string>& names, std::size_t shards);

}  // namespace dbha::demo
