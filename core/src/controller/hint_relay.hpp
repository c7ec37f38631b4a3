#pragma once
/// A controller's hints on their way to the detectors. A primary that dies is noticed by every controller of a fleet in
/// the same millisecond, and by each of them in every call under way: ten thousand controllers would send a detector a
/// million hints, when one is enough. Pure: time in, hints out.

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "topology/feed.hpp"
#include "topology/hint_topic.hpp"

namespace dbha {

class HintRelay {
 public:
  /// One hint on a topic is enough for this long: the detector goes on looking by itself for as long as it suspects.
  /// What is met meanwhile is said at the end of it, once, for it may be news: another slot has moved.
  static constexpr Duration once_in = std::chrono::seconds(1);
  /// How many hints a detector is to hear in a second, at most, when a whole fleet has the same to say.
  static constexpr double hints_per_second = 20000;
  /// Topics remembered; a hint on one more is dropped. A database of a hundred shards that is gone altogether has 300.
  static constexpr std::size_t most_topics = 1024;

  struct Counts {
    std::uint64_t sent = 0;
    std::uint64_t coalesced = 0;  ///< the same was waiting to be said
    std::uint64_t known = 0;      ///< a detector suspected the shard already
    std::uint64_t dropped = 0;    ///< too many topics
  };

  /// `seed` makes the delays.
  explicit HintRelay(std::uint64_t seed) : random_(seed) {}

  /// `topology`: the one in use, or null. `fleet`: how many controllers there are; the hint is delayed by up to
  /// fleet/20000 s, by chance, so that one of the first to speak makes the others superfluous.
  void take(const Hint& hint, const Topology* topology, std::uint32_t fleet, TimePoint now);
  /// What is to be sent now. A hint about a shard that a live detector suspects is dropped instead.
  std::vector<Hint> due(const Feed& feed, TimePoint now);
  /// How long until the next hint is due; nothing while none waits.
  std::optional<Duration> next(TimePoint now) const;

  const Counts& counts() const { return counts_; }

 private:
  struct Entry {
    std::optional<Hint> waiting;
    TimePoint due;   ///< of the waiting one
    TimePoint sent;  ///< the last one; the beginning of time: none yet
  };

  void forget_old(TimePoint now);
  Duration delay(std::uint32_t fleet);

  std::mt19937_64 random_;
  std::map<HintTopic, Entry> topics_;
  Counts counts_;
};

}  // namespace dbha
