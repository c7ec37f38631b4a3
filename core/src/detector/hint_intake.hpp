#pragma once
/// Which of the controllers' hints the detector acts on. A hint is never a fact, so a look at the shard is all that it
/// may cause; but a controller that cannot reach a healthy node says so for hours, and a thousand of them would have
/// that shard asked at the expense of all others, for ever. Pure: time in, a verdict out.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "topology/hint_topic.hpp"

namespace dbha {

enum class HintVerdict {
  look,       ///< the detector is to look there
  coalesced,  ///< it looks there already, or will in a moment
  limited,    ///< this controller has said too much
};

class HintIntake {
 public:
  /// After a look because of a hint, the next hint on the same topic waits that long; doubled with each, so that hints
  /// without a cause cost one look a second.
  static constexpr Duration first_pause = std::chrono::milliseconds(50);
  static constexpr Duration longest_pause = std::chrono::seconds(1);
  /// After so long without one, the next hint is a first one again.
  static constexpr Duration forgotten_after = std::chrono::seconds(10);
  /// Remembered topics; hints on one more are limited.
  static constexpr std::size_t most_topics = 1024;

  struct Counts {
    std::uint64_t received = 0;
    std::uint64_t coalesced = 0;
    std::uint64_t limited = 0;
  };

  /// `suspect`: the shard is under suspicion already. `allowed`: this controller has not said too much.
  HintVerdict take(const Hint& hint, const HintTopic& topic, bool suspect, bool allowed, TimePoint now);
  /// The hints that have waited long enough: the detector is to look there.
  std::vector<Hint> due(TimePoint now);

  const Counts& counts(HintKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

 private:
  struct Look {
    TimePoint at;
    Duration pause = first_pause;
    std::optional<Hint> waiting;
  };

  HintVerdict judge(const Hint& hint, const HintTopic& topic, bool suspect, bool allowed, TimePoint now);

  std::map<HintTopic, Look> looks_;
  std::array<Counts, hint_kinds.size()> counts_{};
};

}  // namespace dbha
