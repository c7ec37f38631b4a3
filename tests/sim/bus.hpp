#pragma once
/// A bus between one detector and its controllers that loses, delays, doubles and reorders. The detector's side numbers
/// its messages and answers hellos with the very messages it published last, as bus/PROTOCOL.md says.

#include <memory>
#include <optional>
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

  /// One link for each controller.
  Bus(VirtualClock& clock, Random random, BusQuality quality, std::size_t links);

  /// One at a time. What reaches the detector passes its gate.
  std::unique_ptr<BusPublisher> open_publisher(BusPublisherListener& listener, Gate& gate, std::string detector,
                                               std::uint64_t start);
  /// One at a time for each link. What was on its way to the one before does not reach it.
  std::unique_ptr<BusSubscriber> open_subscriber(BusSubscriberListener& listener, std::size_t link,
                                                 std::string controller);

  /// Nothing that is sent meanwhile arrives: on one link, or on all.
  void cut(std::optional<std::size_t> link, Duration lasts);
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
    Subscriber* subscriber = nullptr;
    std::uint64_t life = 0;
  };

  using Delivery = std::function<void()>;
  void carry(Link& link, Way& way, const Delivery& delivery);
  void arrive(Way& way, const Delivery& delivery);
  void down(std::size_t link, std::function<void(BusSubscriberListener&)> receive);
  void up(std::size_t link, std::function<void(Publisher&)> receive);
  void answer_hello(std::size_t link, Publisher& publisher);

  VirtualClock& clock_;
  Random random_;
  BusQuality quality_;
  std::vector<Link> links_;
  Publisher* publisher_ = nullptr;
  Counters counters_;
};

}  // namespace dbha::sim
