#include "bus.hpp"

namespace dbha::sim {

class Bus::Publisher final : public BusPublisher {
 public:
  Publisher(Bus& bus, BusPublisherListener& listener, Gate& gate, std::string detector, std::uint64_t start)
      : bus_(bus), listener_(listener), gate_(gate), stamp_{std::move(detector), start, 0} {
    bus_.publisher_ = this;
  }
  ~Publisher() override { bus_.publisher_ = nullptr; }

  void publish(const Version& version, std::shared_ptr<const Topology> topology) override {
    newest_.publication = {next(), version, std::move(topology)};
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
    for (std::size_t i = 0; i < bus_.links_.size(); ++i)
      bus_.down(i, [shared](BusSubscriberListener& to) { (*shared)(to); });
  }

  Bus& bus_;
  BusPublisherListener& listener_;
  Gate& gate_;
  Stamp stamp_;
  Snapshot newest_;
};

class Bus::Subscriber final : public BusSubscriber {
 public:
  Subscriber(Bus& bus, BusSubscriberListener& listener, std::size_t link, std::string controller)
      : bus_(bus), listener_(listener), link_(link), controller_(std::move(controller)) {
    bus_.links_[link_].subscriber = this;
    ++bus_.links_[link_].life;
  }
  ~Subscriber() override { bus_.links_[link_].subscriber = nullptr; }

  std::size_t detectors() const override { return 1; }
  void request_snapshot(std::size_t) override {
    bus_.up(link_, [&bus = bus_, link = link_, name = controller_](Publisher& at) {
      at.listener().on_hello(name, false);
      bus.answer_hello(link, at);
    });
  }
  void send_ack(const Ack& ack) override {
    bus_.up(link_, [ack](Publisher& at) { at.listener().on_ack(ack); });
  }
  void send_hint(const Hint& hint) override {
    bus_.up(link_, [hint, name = controller_](Publisher& at) { at.listener().on_hint(name, hint); });
  }

  void send_envelope(const std::string&, const Publication& publication) override {
    bus_.up(link_, [publication, name = controller_](Publisher& at) { at.listener().on_envelope(name, publication); });
  }

  BusSubscriberListener& listener() { return listener_; }

 private:
  Bus& bus_;
  BusSubscriberListener& listener_;
  std::size_t link_;
  std::string controller_;
};

Bus::Bus(VirtualClock& clock, Random random, BusQuality quality, std::size_t links)
    : clock_(clock), random_(random), quality_(quality), links_(links) {}

std::unique_ptr<BusPublisher> Bus::open_publisher(BusPublisherListener& listener, Gate& gate, std::string detector,
                                                  std::uint64_t start) {
  return std::make_unique<Publisher>(*this, listener, gate, std::move(detector), start);
}

std::unique_ptr<BusSubscriber> Bus::open_subscriber(BusSubscriberListener& listener, std::size_t link,
                                                    std::string controller) {
  return std::make_unique<Subscriber>(*this, listener, link, std::move(controller));
}

void Bus::cut(std::optional<std::size_t> link, Duration lasts) {
  for (std::size_t i = 0; i < links_.size(); ++i)
    if (!link || *link == i) links_[i].cut_until = std::max(links_[i].cut_until, clock_.now() + lasts);
}

void Bus::calm() {
  quality_ = {};
  for (auto& link : links_) link.cut_until = {};
}

void Bus::carry(Link& link, Way& way, const Delivery& delivery) {
  ++counters_.sent;
  if (clock_.now() < link.cut_until || random_.chance(quality_.loss)) {
    ++counters_.lost;
    return;
  }
  arrive(way, delivery);
  if (!random_.chance(quality_.duplicates)) return;
  ++counters_.doubled;
  arrive(way, delivery);
}

void Bus::arrive(Way& way, const Delivery& delivery) {
  TimePoint at = clock_.now() + random_.between(quality_.least_delay, quality_.most_delay);
  if (at < way.newest_arrival) {
    if (quality_.reorders) ++counters_.overtaken;
    if (!quality_.reorders) at = way.newest_arrival;
  }
  way.newest_arrival = std::max(way.newest_arrival, at);
  clock_.after(at - clock_.now(), delivery);
}

void Bus::down(std::size_t link, std::function<void(BusSubscriberListener&)> receive) {
  Link& over = links_[link];
  if (!over.subscriber) return;
  carry(over, over.down, [&over, life = over.life, receive = std::move(receive)] {
    if (over.subscriber && over.life == life) receive(over.subscriber->listener());
  });
}

void Bus::up(std::size_t link, std::function<void(Publisher&)> receive) {
  Link& over = links_[link];
  carry(over, over.up, [this, receive = std::move(receive)] {
    if (Publisher* at = publisher_) at->gate().pass([at, receive] { receive(*at); });
  });
}

void Bus::answer_hello(std::size_t link, Publisher& publisher) {
  if (random_.chance(quality_.refusals)) {
    ++counters_.refused;
    return down(link, [](BusSubscriberListener& to) { to.on_snapshot_refused(0, std::chrono::milliseconds(100)); });
  }
  down(link, [snapshot = publisher.newest()](BusSubscriberListener& to) { to.on_snapshot(0, snapshot); });
}

}  // namespace dbha::sim
