#pragma once
/// What a controller, or another detector, has heard from each detector, and what it must ask for. PUB/SUB loses
/// messages without a word, at the start, at a reconnect and at the high-water mark; beats and sequence numbers show
/// it, snapshots repair it. Pure: time in, requests out.

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <dbha/bus.hpp>

#include "topology/join.hpp"

namespace dbha {

class Feed {
 public:
  /// A beat comes each second; who has missed three is not live.
  static constexpr Duration live_for = std::chrono::seconds(3);

  /// `detectors`: how many are configured. `seed` makes the jitter.
  Feed(std::size_t detectors, std::uint64_t seed, TimePoint now);

  /// True if it brought a topology that was not held before.
  bool take(const Publication& publication, TimePoint now);
  void take(const Beat& beat, TimePoint now);
  bool take(std::size_t index, const Snapshot& snapshot, TimePoint now);
  void refused(std::size_t index, Duration retry_after, TimePoint now);

  /// The detector to send a hello to now, if one is due. It is then taken as sent.
  std::optional<std::size_t> due_request(TimePoint now);

  /// The latest topology of each detector, for the join.
  std::vector<Heard> heard(TimePoint now) const;
  /// What was last received from each detector: what an ack tells it once applied.
  std::vector<Ack> received() const;
  /// Since the newest beat of any detector; nothing before the first.
  std::optional<Duration> age(TimePoint now) const;
  /// Since the newest beat of each detector.
  std::map<std::string, Duration> ages(TimePoint now) const;
  bool live(TimePoint now) const;
  /// A live detector is about to publish for the first time: it listens to what others hold.
  bool starting(TimePoint now) const;
  /// How many hellos went without an answer since the last one that had one.
  unsigned unanswered() const { return unanswered_; }
  const std::map<std::string, Beat>& beats() const { return beats_; }
  /// How many controllers there are, by the newest beat.
  std::uint32_t fleet() const { return fleet_; }
  /// Whether a live detector is looking at that shard already.
  bool suspected(const NodeId& shard, TimePoint now) const;

 private:
  struct Detector {
    std::uint64_t start = 0;
    std::uint64_t sequence = 0;              ///< the highest seen in this start: what comes below is a repetition
    std::uint64_t publication_sequence = 0;  ///< of the topology held
    Version version;
    std::shared_ptr<const Topology> topology;
    std::optional<TimePoint> beaten;
    bool degraded = false;
    std::vector<NodeId> reach;
    std::optional<std::size_t> index;  ///< in the configured list, once a snapshot has shown it
  };

  bool advance(Detector& detector, const Stamp& stamp, bool& gap);
  bool hold(Detector& detector, const Publication& publication);
  void need_snapshot(const Detector& detector, TimePoint now);
  std::size_t index_of(const Detector& detector) const;
  Duration jitter(Duration window);

  std::size_t detectors_;
  std::mt19937_64 random_;
  std::map<std::string, Detector> known_;
  std::map<std::string, Beat> beats_;

  // One request is under way or planned at a time.
  std::optional<TimePoint> next_request_;
  std::size_t index_ = 0;
  unsigned tries_ = 0;  ///< at this detector
  unsigned unanswered_ = 0;
  std::uint32_t fleet_ = 1;
};

}  // namespace dbha
