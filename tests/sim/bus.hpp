#pragma once
/// A bus between detectors, their controllers and each other that loses, delays, doubles and reorders, each link in its
/// own way. A detector's side numbers its messages and answers hellos with the very messages it published last, as
/// bus/PROTOCOL.md says.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <dbha/bus.hpp>

#include "clock.hpp"
#include "gate.hpp"
#include "schedule.hpp"

namespace dbha::sim {

class Bus {
 public:
  struct Counters {
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
    std::uint64_t doubled = 0;
    std::uint64_t overtaken = 0;
    std::uint64_t refused = 0;
  };

  /// Each controller has a link to each detector, and each detector one to each other.
  Bus(VirtualClock& clock, Random random, BusQuality quality, std::size_t controllers, std::size_t detectors = 1);

  /// One at a time for each detector. What reaches it passes its gate.
  std::unique_ptr<BusPublisher> open_publisher(BusPublisherListener& listener, Gate& gate, std::string name,
                                               std::uint64_t start, std::size_t detector = 0);
  /// One at a time for each controller. What was on its way to the one before does not reach it.
  std::unique_ptr<BusSubscriber> open_subscriber(BusSubscriberListener& listener, std::size_t controller,
                                                 std::string name);
  /// A detector's to the others, in their order. What reaches it passes its gate.
  std::unique_ptr<BusSubscriber> open_peer(BusSubscriberListener& listener, Gate& gate, std::size_t detector,
                                           std::string name);

  /// Of all links: to the controllers of each detector, one detector after the other, and then to its peers.
  void set_qualities(const std::vector<BusQuality>& qualities);

  /// Nothing that is sent meanwhile arrives: between a detector and one controller, or all that listen to it.
  void cut(std::size_t detector, std::optional<std::size_t> controller, Duration lasts);
  /// The same, between a detector with some of the controllers and all the others.
  void split(std::size_t detector, const std::set<std::size_t>& controllers, Duration lasts);
  /// From now on everything arrives, soon and in order.
  void calm();

  const Counters& counters() const { return counters_; }

 private:
  class Publisher;
  class Subscriber;
  struct Way {
    TimePoint newest_arrival;
  };
  struct Link {
    Way down;
    Way up;
    TimePoint cut_until;
    BusQuality quality;
  };
  /// Who listens: a controller, or a detector to its peers.
  struct Listener {
    Subscriber* subscriber = nullptr;
    std::uint64_t life = 0;
  };
  using Place = std::size_t;  ///< of a listener: the controllers first

  using Delivery = std::function<void()>;
  Link& link(std::size_t detector, Place place) { return links_[detector * listeners_.size() + place]; }
  std::vector<std::size_t> heard_by(Place place) const;
  std::optional<std::size_t> detector_named(const std::string& name) const;
  void carry(Link& link, Way& way, const Delivery& delivery);
  void arrive(const BusQuality& quality, Way& way, const Delivery& delivery);
  void down(std::size_t detector, Place place, std::function<void(BusSubscriberListener&)> receive);
  void up(std::size_t detector, Place place, std::function<void(Publisher&)> receive);
  void answer_hello(std::size_t detector, Place place, std::size_t index, Publisher& publisher);

  VirtualClock& clock_;
  Random random_;
  std::size_t controllers_;
  std::vector<Listener> listeners_;
  std::vector<Publisher*> publishers_;
  std::vector<std::string> names_;  ///< of the detectors, once heard of
  std::vector<Link> links_;
  Counters counters_;
};

}  // namespace dbha::sim
