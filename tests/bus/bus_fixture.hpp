#pragma once
/// Real sockets on one loop, and listeners that keep what they were told.

#include <string>
#include <utility>
#include <vector>

#include <dbha_bus/publisher.hpp>
#include <dbha_bus/subscriber.hpp>

#include "loop/epoll_loop.hpp"
#include "samples.hpp"
#include "support/catch.hpp"
#include "support/test_log.hpp"

namespace dbha::test {

using namespace std::chrono_literals;

struct Detector final : BusPublisherListener {
  std::vector<Ack> acks;
  std::vector<std::pair<std::string, Hint>> hints;
  std::vector<std::string> hellos;
  std::vector<std::string> peers;
  std::vector<std::pair<std::string, Publication>> envelopes;
  std::unique_ptr<bus::Publisher> publisher;

  void on_ack(Ack ack) override { acks.push_back(std::move(ack)); }
  void on_hint(std::string controller, Hint hint) override { hints.emplace_back(std::move(controller), hint); }
  void on_hello(std::string from, bool peer) override { (peer ? peers : hellos).push_back(std::move(from)); }
  void on_envelope(std::string from, Publication publication) override {
    envelopes.emplace_back(std::move(from), std::move(publication));
  }
  bus::DetectorEndpoints endpoints() const { return {publisher->publish_endpoint(), publisher->control_endpoint()}; }
};

struct Subscriber final : BusSubscriberListener {
  std::vector<Publication> publications;
  std::vector<Beat> beats;
  std::vector<std::pair<std::size_t, Snapshot>> snapshots;
  std::vector<std::pair<std::size_t, Duration>> refusals;
  std::vector<std::string> garbage;
  std::unique_ptr<BusSubscriber> subscriber;

  void on_publication(Publication publication) override { publications.push_back(std::move(publication)); }
  void on_beat(Beat beat) override { beats.push_back(std::move(beat)); }
  void on_snapshot(std::size_t detector, Snapshot snapshot) override {
    snapshots.emplace_back(detector, std::move(snapshot));
  }
  void on_snapshot_refused(std::size_t detector, Duration after) override { refusals.emplace_back(detector, after); }
  void on_garbage(std::string reason) override { garbage.push_back(std::move(reason)); }

  bool heard_from(const std::string& detector, std::uint64_t start) const {
    for (const auto& beat : beats)
      if (beat.stamp.detector == detector && beat.stamp.start == start) return true;
    return false;
  }
};

class BusFixture {
 public:
  bus::Context context;
  EpollLoop loop;
  TestLog log;

  /// False if it did not become true within ten seconds.
  template <class Condition>
  bool until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop.turn(10ms);
    }
    return true;
  }

  std::unique_ptr<Detector> detector(std::string name = "d1", std::uint64_t start = 1000,
                                     bus::DetectorEndpoints at = {"tcp://127.0.0.1:*", "tcp://127.0.0.1:*"},
                                     std::string cluster = "nb") {
    auto detector = std::make_unique<Detector>();
    detector->publisher =
        bus::open_publisher(context, loop, log, *detector, {cluster, name, start, at.publish, at.control});
    return detector;
  }

  std::unique_ptr<Subscriber> subscriber(std::vector<bus::DetectorEndpoints> detectors, std::string name = "c1",
                                         Duration silence = 10s) {
    auto subscriber = std::make_unique<Subscriber>();
    subscriber->subscriber = bus::open_subscriber(context, loop, log, *subscriber,
                                                  {"nb", std::move(name), std::move(detectors), silence, false});
    return subscriber;
  }

  /// Beats until the subscriber hears it: from then on it is connected.
  bool meet(Detector& detector, const Subscriber& subscriber, const std::string& name = "d1",
            std::uint64_t start = 1000) {
    return until([&] {
      detector.publisher->beat(beat_of({}, DetectorStatus::starting));
      return subscriber.heard_from(name, start);
    });
  }
};

}  // namespace dbha::test
