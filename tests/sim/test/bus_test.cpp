#include "bus.hpp"

#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::sim;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

class Listening final : public BusSubscriberListener {
 public:
  void on_publication(Publication publication) override { sequences.push_back(publication.stamp.sequence); }
  void on_beat(Beat beat) override { sequences.push_back(beat.stamp.sequence); }
  void on_snapshot(std::size_t, Snapshot snapshot) override { snapshots.push_back(std::move(snapshot)); }
  void on_snapshot_refused(std::size_t, Duration) override { ++refusals; }
  void on_garbage(std::string) override {}

  std::vector<std::uint64_t> sequences;
  std::vector<Snapshot> snapshots;
  unsigned refusals = 0;
};

class Publishing final : public BusPublisherListener {
 public:
  void on_ack(Ack) override {}
  void on_hint(std::string, Hint) override { ++hints; }
  void on_hello(std::string, bool) override { ++hellos; }
  void on_envelope(std::string, Publication) override {}
  unsigned hellos = 0;
  unsigned hints = 0;
};

/// One detector and one controller, which has heard nothing yet.
struct Line {
  explicit Line(BusQuality quality) : bus(clock, Random(7), quality, 1) {
    publisher = bus.open_publisher(detector, gate, "d", 1);
    subscriber = bus.open_subscriber(controller, 0, "c");
  }
  void beats(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      publisher->beat({});
      pass(milliseconds(10));
    }
    pass(seconds(5));
  }
  void pass(Duration time) {
    const TimePoint until = clock.now() + time;
    while (clock.step(until)) {
    }
  }

  VirtualClock clock;
  Bus bus;
  Gate gate;
  Publishing detector;
  Listening controller;
  std::unique_ptr<BusPublisher> publisher;
  std::unique_ptr<BusSubscriber> subscriber;
};

}  // namespace

TEST_CASE("a calm bus delivers everything once and in order") {
  Line line({});
  line.beats(100);
  REQUIRE(line.controller.sequences.size() == 100);
  for (std::size_t i = 0; i < 100; ++i) CHECK(line.controller.sequences[i] == i + 1);
}

TEST_CASE("a lossy bus loses about as much as it is told to") {
  Line line({.loss = 0.3});
  line.beats(1000);
  CHECK(line.controller.sequences.size() > 620);
  CHECK(line.controller.sequences.size() < 780);
  CHECK(line.bus.counters().lost == 1000 - line.controller.sequences.size());
}

TEST_CASE("a bus that doubles delivers some messages twice") {
  Line line({.duplicates = 0.2});
  line.beats(1000);
  CHECK(line.controller.sequences.size() > 1120);
  CHECK(line.controller.sequences.size() == 1000 + line.bus.counters().doubled);
}

TEST_CASE("messages overtake each other only on a bus that reorders") {
  const bool reorders = GENERATE(false, true);
  Line line({.most_delay = milliseconds(200), .reorders = reorders});
  line.beats(300);
  CHECK(line.controller.sequences.size() == 300);
  CHECK(std::is_sorted(line.controller.sequences.begin(), line.controller.sequences.end()) == !reorders);
  CHECK((line.bus.counters().overtaken > 0) == reorders);
}

TEST_CASE("nothing that is sent during an outage arrives") {
  Line line({});
  line.bus.cut(0, 0, milliseconds(55));
  line.beats(10);
  REQUIRE(line.controller.sequences.size() == 4);
  CHECK(line.controller.sequences.front() == 7);
}

TEST_CASE("a hello is answered with the very messages that were published last, or refused") {
  Line line({});
  line.publisher->publish({1, {5}, 77}, std::make_shared<const Topology>());
  line.publisher->beat({});
  line.subscriber->request_snapshot(0);
  line.pass(seconds(1));
  REQUIRE(line.controller.snapshots.size() == 1);
  CHECK(line.controller.snapshots[0].publication.stamp == Stamp{"d", 1, 1});
  CHECK(line.controller.snapshots[0].beat.stamp == Stamp{"d", 1, 2});
  CHECK(line.detector.hellos == 1);

  Line refusing({.refusals = 1});
  refusing.subscriber->request_snapshot(0);
  refusing.pass(seconds(1));
  CHECK(refusing.controller.refusals == 1);
}

TEST_CASE("what reaches a stopped detector waits until it goes on") {
  Line line({});
  line.gate.close();
  line.subscriber->send_hint({});
  line.pass(seconds(1));
  CHECK(line.detector.hints == 0);
  line.gate.reopen();
  CHECK(line.detector.hints == 1);
}

TEST_CASE("what was on its way to a controller's earlier life does not reach the next one") {
  Line line({});
  line.publisher->beat({});
  line.subscriber.reset();
  Listening next;
  line.subscriber = line.bus.open_subscriber(next, 0, "c");
  line.pass(seconds(1));
  CHECK(line.controller.sequences.empty());
  CHECK(next.sequences.empty());
}
