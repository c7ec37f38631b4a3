#pragma once
/// What core needs of a bus between one detector and its controllers. The bus carries and counts; what a gap or an
/// unknown digest means is decided in core/src/controller. All on the loop thread.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <dbha/backend.hpp>
#include <dbha/topology.hpp>

namespace dbha {

/// The transport's own order: who published, in which of its lives, and the how-manieth message of that life (from 1).
struct Stamp {
  std::string detector;
  std::uint64_t start = 0;  ///< max(wall clock in ms, the stored start + 1): rises with every start
  std::uint64_t sequence = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

enum class DetectorStatus { starting, ok, suspect, degraded, tilt };

inline const char* text_of(DetectorStatus status) {
  static constexpr const char* names[] = {"starting", "ok", "suspect", "degraded", "tilt"};
  return names[static_cast<int>(status)];
}

/// The whole topology, published on every change.
struct Publication {
  Stamp stamp;
  Version version;
  std::shared_ptr<const Topology> topology;
  /// The very bytes in which it came: whoever held the last copy of a topology gives it back as its detector said it.
  /// Null for what did not come from a bus.
  std::shared_ptr<const std::string> envelope{};
};

/// Once a second, so that everybody knows what they should hold and how old it is.
struct Beat {
  Stamp stamp;
  Version version;  ///< of the last publication; not known() before the first
  DetectorStatus status = DetectorStatus::starting;
  std::string reason;         ///< of a status other than ok
  std::vector<NodeId> reach;  ///< nodes from which the detector has a fresh answer of their own
  PartitionSet vouched;       ///< partitions whose owner claims them itself, serving, in a fresh answer
  std::uint32_t controllers = 0;
  Duration resync_window{};
  std::vector<NodeId> suspects;  ///< primaries of the shards that it looks at closely: a hint about one is no news
  /// Controllers and detectors that are asked to send back the envelope that they hold (R3).
  std::vector<std::string> envelopes_wanted;
};

/// The answer to a hello: what a late subscriber has missed.
struct Snapshot {
  Publication publication;  ///< topology is null when the detector has none yet
  Beat beat;                ///< the newest one
};

/// "I hold this." Sent upstream, never broadcast.
struct Ack {
  std::string controller;
  std::string detector;
  std::uint64_t start = 0;
  Version applied;            ///< the detector's topology that this controller has applied
  std::uint32_t pending = 0;  ///< events that handlers have not finished
};

class BusPublisherListener {
 public:
  virtual void on_ack(Ack ack) = 0;
  virtual void on_hint(std::string controller, Hint hint) = 0;
  /// `peer`: the other end is a detector, and no member of the fleet.
  virtual void on_hello(std::string controller, bool peer) = 0;
  /// An envelope that was asked for, of whatever detector; not an act of who sent it.
  virtual void on_envelope(std::string controller, Publication publication) = 0;

 protected:
  ~BusPublisherListener() = default;
};

/// The detector's side. It sends what it is given, and answers hellos with the last publication and beat on its own.
class BusPublisher {
 public:
  virtual ~BusPublisher() = default;
  /// The publisher sets detector, start and sequence of the stamp itself.
  virtual void publish(const Version& version, std::shared_ptr<const Topology> topology) = 0;
  virtual void beat(Beat beat) = 0;
};

class BusSubscriberListener {
 public:
  virtual void on_publication(Publication publication) = 0;
  virtual void on_beat(Beat beat) = 0;
  /// The answer to request_snapshot(detector).
  virtual void on_snapshot(std::size_t detector, Snapshot snapshot) = 0;
  /// The detector has no room now; ask again after that time. Counts as no try.
  virtual void on_snapshot_refused(std::size_t detector, Duration retry_after) = 0;
  /// A message that cannot be used; nothing of it was. Rate-limited in the log by the bus.
  virtual void on_garbage(std::string reason) = 0;

 protected:
  ~BusSubscriberListener() = default;
};

/// The controller's side. `detector` is the index in the configured list of detectors.
class BusSubscriber {
 public:
  virtual ~BusSubscriber() = default;
  virtual std::size_t detectors() const = 0;
  /// Sends a hello on a connection that lives until the answer or the next request to that detector.
  virtual void request_snapshot(std::size_t detector) = 0;
  virtual void send_ack(const Ack& ack) = 0;
  virtual void send_hint(const Hint& hint) = 0;
  /// Gives `publication`'s envelope to `detector`, which has asked for it.
  virtual void send_envelope(const std::string& detector, const Publication& publication) = 0;
};

}  // namespace dbha
