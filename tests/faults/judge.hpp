#pragma once
/// What must hold of the calls that lived through a fault. Pure: records in, complaints out.

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ledger.hpp"

namespace dbha::test {

inline constexpr Duration usual_deadline = std::chrono::seconds(10);

/// Which calls that must not be repeated may end as outcome_unknown: only those that were written to the primary of the
/// shard hit before that primary was known to be lost.
enum class Unknowns {
  none,               ///< nothing was lost, or the database gave everything back
  until_loss_seen,    ///< the connection ends: all that was written on it ends together, and nothing after it
  until_new_primary,  ///< none ends: what was submitted before the change of the topology was applied; and what the
                      ///< victim acknowledges after that is worth nothing
};

struct Terms {
  std::size_t shard = 0;     ///< the one hit
  std::uint16_t victim = 0;  ///< port of its primary at that time
  TimePoint struck{};        ///< before the fault
  TimePoint applied{};       ///< the controllers knew the outcome: no earlier than they did
  TimePoint settled{};       ///< the shard was in use again
  Unknowns unknowns = Unknowns::none;
  Duration bare_call{};      ///< worst of a call to other shards that does not go through a controller, meanwhile
  Duration bare_lateness{};  ///< worst of a timer on a thread with nothing else to do, in the same run
};

struct Latency {
  Duration half{};
  Duration p90{};
  Duration worst{};
  std::size_t calls = 0;
};

struct Judgement {
  std::vector<std::string> complaints;  ///< a few of each kind
  std::size_t calls = 0;
  std::size_t unknown = 0;        ///< calls that must not be repeated, with the usual deadline
  std::size_t unknown_hasty = 0;  ///< the same, with a shorter one
  std::size_t errors = 0;         ///< with the usual deadline: neither success nor a permitted outcome_unknown
  Duration lateness{};            ///< of the latest end
  Latency before;                 ///< calls to other shards
  Latency meanwhile;
  std::optional<Duration> first_answer;  ///< from the shard hit, since the fault; of a call submitted after it
};

/// `keys` are those of the ledger, for the complaints.
Judgement judge(const std::deque<Record>& records, const Terms& terms);

/// By key of the ledger: what a counter may be. Each acknowledged INCR has counted once, each unknown one once or not
/// at all, and no other. `acknowledged` is a bound only where the fault loses no acknowledged write.
struct Count {
  std::size_t shard = 0;
  long long acknowledged = 0;
  long long unknown = 0;
};
std::map<std::size_t, Count> counts(const std::deque<Record>& records);

/// Empty if the value is right. `lossy`: acknowledged writes to this key may be gone.
std::string miscounted(const std::string& key, const Count& count, long long value, bool lossy);

}  // namespace dbha::test
