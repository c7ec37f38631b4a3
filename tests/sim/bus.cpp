#include "bus.hpp"

#include <algorithm>

namespace dbha::sim {

class Bus::Publisher final : public BusPublisher {
 public:
  Publisher(Bus& bus, BusPublisherListener& listener, Gate& gate, std::string name, std::uint64_t start,
            std::size_t detector)
      : bus_(bus), listener_(listener), gate_(gate), detector_(detector), stamp_{std::move(name), start, 0} {
    bus_.publishers_[detector_] = this;
    bus_.names_[detector_] = stamp_.detector;
  }
  ~Publisher() override { bus_.publishers_[detector_] = nullptr; }

  void publish(const Version& version, std::shared_ptr<const Topology> topology) override {
    newest_.publication = {next(), version, std::move(topology), std::make_shared<const std::string>(version.text())};
    send_to_all([message = newest_.publication](BusSubscriberListener& to) { to.on_publication(message); });
  }
  void beat(Beat beat) override {
    beat.stamp = next();
    newest_.beat = std::move(beat);
    send_to_all([message = newest_.beat](BusSubscriberListener& to) { to.on_beat(message); });
  }

  const Snapshot& newest() const { return newest_; }
  BusPublisherListener& listener() { return listener_; }
  Gate& gate() { return gate_; }

 private:
  Stamp next() {
    ++stamp_.sequence;
    return stamp_;
  }
  template <class Receive>
  void send_to_all(Receive receive) {
    const auto shared = std::make_shared<const Receive>(std::move(receive));
    for (Place place = 0; place < bus_.listeners_.size(); ++place)
      if (place != bus_.controllers_ + detector_)
        bus_.down(detector_, place, [shared](BusSubscriberListener& to) { (*shared)(to); });
  }

  Bus& bus_;
  BusPublisherListener& listener_;
  Gate& gate_;
  std::size_t detector_;
  Stamp stamp_;
  Snapshot newest_;
};

class Bus::Subscriber final : public BusSubscriber {
 public:
  /// `gate`: null for a process that is never stopped.
  Subscriber(Bus& bus, BusSubscriberListener& listener, Gate* gate, Place place, std::string name)
      : bus_(bus), listener_(listener), gate_(gate), place_(place), name_(std::move(name)) {
    heard_ = bus_.heard_by(place_);
    bus_.listeners_[place_].subscriber = this;
    ++bus_.listeners_[place_].life;
  }
  ~Subscriber() override { bus_.listeners_[place_].subscriber = nullptr; }

  std::size_t detectors() const override { return heard_.size(); }
  void request_snapshot(std::size_t index) override {
    const std::size_t detector = heard_.at(index);
    bus_.up(detector, place_,
            [&bus = bus_, detector, index, place = place_, name = name_,
             peer = place_ >= bus_.controllers_](Publisher& at) {
              at.listener().on_hello(name, peer);
              bus.answer_hello(detector, place, index, at);
            });
  }
  void send_ack(const Ack& ack) override {
    if (const auto detector = bus_.detector_named(ack.detector))
      bus_.up(*detector, place_, [ack](Publisher& at) { at.listener().on_ack(ack); });
  }
  void send_hint(const Hint& hint) override {
    for (const auto detector : heard_)
      bus_.up(detector, place_, [hint, name = name_](Publisher& at) { at.listener().on_hint(name, hint); });
  }
  void send_envelope(const std::string& to, const Publication& publication) override {
    const auto detector = bus_.detector_named(to);
    if (!detector || !publication.envelope) return;
    bus_.up(*detector, place_,
            [publication, name = name_](Publisher& at) { at.listener().on_envelope(name, publication); });
  }

  void receive(const std::function<void(BusSubscriberListener&)>& message) {
    if (!gate_) return message(listener_);
    gate_->pass([&listener = listener_, message] { message(listener); });
  }

 private:
  Bus& bus_;
  BusSubscriberListener& listener_;
  Gate* gate_;
  Place place_;
  std::string name_;
  std::vector<std::size_t> heard_;  ///< the detectors, as they stand in its configuration
};

Bus::Bus(VirtualClock& clock, Random random, BusQuality quality, std::size_t controllers, std::size_t detectors)
    : clock_(clock),
      random_(random),
      controllers_(controllers),
      listeners_(controllers + detectors),
      publishers_(detectors),
      names_(detectors),
      links_(detectors * (controllers + detectors)) {
  for (auto& link : links_) link.quality = quality;
}

std::unique_ptr<BusPublisher> Bus::open_publisher(BusPublisherListener& listener, Gate& gate, std::string name,
                                                  std::uint64_t start, std::size_t detector) {
  return std::make_unique<Publisher>(*this, listener, gate, std::move(name), start, detector);
}

std::unique_ptr<BusSubscriber> Bus::open_subscriber(BusSubscriberListener& listener, std::size_t controller,
                                                    std::string name) {
  return std::make_unique<Subscriber>(*this, listener, nullptr, controller, std::move(name));
}

std::unique_ptr<BusSubscriber> Bus::open_peer(BusSubscriberListener& listener, Gate& gate, std::size_t detector,
                                              std::string name) {
  return std::make_unique<Subscriber>(*this, listener, &gate, controllers_ + detector, std::move(name));
}

void Bus::set_qualities(const std::vector<BusQuality>& qualities) {
  for (std::size_t i = 0; i < std::min(links_.size(), qualities.size()); ++i) links_[i].quality = qualities[i];
}

std::vector<std::size_t> Bus::heard_by(Place place) const {
  std::vector<std::size_t> out;
  for (std::size_t d = 0; d < publishers_.size(); ++d)
    if (place != controllers_ + d) out.push_back(d);
  return out;
}

std::optional<std::size_t> Bus::detector_named(const std::string& name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names_.begin());
}

void Bus::cut(std::size_t detector, std::optional<std::size_t> controller, Duration lasts) {
  const TimePoint until = clock_.now() + lasts;
  for (Place place = 0; place < listeners_.size(); ++place) {
    if (controller && *controller != place) continue;
    auto& over = link(detector, place);
    over.cut_until = std::max(over.cut_until, until);
  }
}

void Bus::split(std::size_t detector, const std::set<std::size_t>& controllers, Duration lasts) {
  const TimePoint until = clock_.now() + lasts;
  for (std::size_t d = 0; d < publishers_.size(); ++d)
    for (Place place = 0; place < listeners_.size(); ++place) {
      const bool inside = place == controllers_ + detector || controllers.contains(place);
      auto& over = link(d, place);
      if ((d == detector) != inside) over.cut_until = std::max(over.cut_until, until);
    }
}

void Bus::calm() {
  for (auto& link : links_) {
    link.quality = {};
    link.cut_until = {};
  }
}

void Bus::carry(Link& link, Way& way, const Delivery& delivery) {
  ++counters_.sent;
  if (clock_.now() < link.cut_until || random_.chance(link.quality.loss)) {
    ++counters_.lost;
    return;
  }
  arrive(link.quality, way, delivery);
  if (!random_.chance(link.quality.duplicates)) return;
  ++counters_.doubled;
  arrive(link.quality, way, delivery);
}

void Bus::arrive(const BusQuality& quality, Way& way, const Delivery& delivery) {
  TimePoint at = clock_.now() + random_.between(quality.least_delay, quality.most_delay);
  if (at < way.newest_arrival) {
    if (quality.reorders) ++counters_.overtaken;
    if (!quality.reorders) at = way.newest_arrival;
  }
  way.newest_arrival = std::max(way.newest_arrival, at);
  clock_.after(at - clock_.now(), delivery);
}

void Bus::down(std::size_t detector, Place place, std::function<void(BusSubscriberListener&)> receive) {
  Listener& to = listeners_[place];
  if (!to.subscriber) return;
  Link& over = link(detector, place);
  carry(over, over.down, [&to, life = to.life, receive = std::move(receive)] {
    if (to.subscriber && to.life == life) to.subscriber->receive(receive);
  });
}

void Bus::up(std::size_t detector, Place place, std::function<void(Publisher&)> receive) {
  Link& over = link(detector, place);
  carry(over, over.up, [this, detector, receive = std::move(receive)] {
    if (Publisher* at = publishers_[detector]) at->gate().pass([at, receive] { receive(*at); });
  });
}

void Bus::answer_hello(std::size_t detector, Place place, std::size_t index, Publisher& publisher) {
  if (random_.chance(link(detector, place).quality.refusals)) {
    ++counters_.refused;
    return down(detector, place,
                [index](BusSubscriberListener& to) { to.on_snapshot_refused(index, std::chrono::milliseconds(100)); });
  }
  down(detector, place,
       [index, snapshot = publisher.newest()](BusSubscriberListener& to) { to.on_snapshot(index, snapshot); });
}

}  // namespace dbha::sim
