#pragma once
/// A Detector that watches a FakeCluster on virtual time, with what it published and what it asked.

#include <deque>

#include "detector/detector.hpp"
#include "fake_cluster.hpp"
#include "topology/diff.hpp"

namespace dbha::test {

/// What the questions cost a Redis Cluster.
inline QuestionCost redis_cost(Question question, std::size_t nodes) {
  switch (question) {
    case Question::view:
      return {4, static_cast<unsigned>(130 * nodes + 2200)};
    case Question::epoch:
      return {1, 750};
    case Question::role:
      return {1, 70};
    case Question::alive:
      break;
  }
  return {1, 7};
}

/// What has been spent in the second that ends now.
class LastSecond {
 public:
  void add(TimePoint now, double amount) {
    spent_.emplace_back(now, amount);
    sum_ += amount;
    while (spent_.front().first <= now - seconds(1)) {
      sum_ -= spent_.front().second;
      spent_.pop_front();
    }
    most_ = std::max(most_, sum_);
  }
  double most() const { return most_; }

 private:
  std::deque<std::pair<TimePoint, double>> spent_;
  double sum_ = 0;
  double most_ = 0;
};

/// Which of several detectors it is.
struct Seat {
  std::string name = "d1";
  std::size_t peers = 0;
  Duration listen{};
  std::uint64_t start = 1;
  Signals signals = {};
};

/// One life of a detector process.
class DetectorSite {
 public:
  struct Published {
    TimePoint at;
    std::shared_ptr<const Topology> topology;
    std::string changes;
    std::vector<ClaimRecord> evidence;
    PartitionMap<Mark> marked;
  };

  DetectorSite(VirtualLoop& loop, FakeCluster& cluster, DetectorState stored = {}, const Seat& seat = {})
      : loop_(loop),
        cluster_(cluster),
        stamp_{seat.name, seat.start, 0},
        signals_(seat.signals),
        detector_(settings(cluster, seat), redis_cost, std::move(stored), now()) {
    if (detector_.published()) newest_.publication = {next_stamp(), detector_.version(), detector_.published()};
    perform(detector_.start(now()));
    beat_ = Timer(loop_, Duration(0), [this]() -> std::optional<Duration> {
      if (!stopped()) say_beat();
      return seconds(1);
    });
    tick_ = Timer(loop_, detector_.next_tick(loop_.now()), [this]() -> std::optional<Duration> {
      if (stopped()) return stopped_until_ - loop_.now();
      perform(detector_.on_tick(now()));
      return detector_.next_tick(loop_.now());
    });
  }

  const Detector& detector() const { return detector_; }
  const Topology& topology() const { return *detector_.published(); }
  std::string owner(std::uint32_t partition) const {
    const Claim* found = topology().claims.find({partition});
    return found ? found->owner.value : "none";
  }
  Mark mark_at(std::uint32_t partition) const { return *topology().marks.find({partition}); }

  void kill(const std::string& id) { cluster_.kill(id, ears_); }
  void forbid(const Endpoint& endpoint, Signal signal, const std::string& rule) {
    perform(detector_.on_forbidden(endpoint, signal, rule, now()));
  }
  void hint(Hint hint) { perform(detector_.on_hint(hint, now())); }
  /// The process itself is stopped: nothing of it runs until then; what has come in meanwhile is read before its timer.
  void stop_for(Duration duration) { stopped_until_ = loop_.now() + duration; }
  /// From now on what the other one says is heard here a moment later. Both must live on.
  void listen_to(DetectorSite& other) {
    peers_.push_back(&other);
    other.listeners_.push_back(ears_);
  }
  /// Nothing of it is heard any more, and it hears nothing.
  void cut_off() {
    listeners_.clear();
    ears_ = std::make_shared<Ears>(*this);
  }
  /// As the bus would bring it.
  template <class Tell>
  void tell(Tell input) {
    hear([input](Detector& d, Now now) { return input(d, now); });
  }
  void reset() {
    auto reset = detector_.reset(now());
    refused = reset.refused;
    perform(std::move(reset.output));
  }
  Beat beat() { return detector_.beat(now()); }
  const Snapshot& newest() const { return newest_; }

  std::vector<Published> published;
  std::vector<std::string> notes;
  std::vector<Record> records;
  std::vector<std::string> told;  ///< the events of its history, with "published" in its place
  std::string refused;            ///< why the last reset was
  LastSecond commands;
  LastSecond bytes;
  std::vector<Beat> beats;

 private:
  class Ears final : public TopologySourceListener {
   public:
    explicit Ears(DetectorSite& site) : site_(site) {}
    DetectorSite& site() { return site_; }
    void on_view(View v) override {
      site_.hear([v](Detector& d, Now now) { return d.on_view(v, now); });
    }
    void on_role(RoleAnswer a) override {
      site_.hear([a](Detector& d, Now now) { return d.on_role(a, now); });
    }
    void on_epoch(EpochAnswer a) override {
      site_.hear([a](Detector& d, Now now) { return d.on_epoch(a, now); });
    }
    void on_alive(Endpoint e, NodeId, TimePoint, TimePoint) override {
      site_.hear([e](Detector& d, Now now) { return d.on_alive(e, now); });
    }
    void on_no_answer(Endpoint e, Question q, TimePoint) override {
      site_.hear([e, q](Detector& d, Now now) { return d.on_no_answer(e, q, now); });
    }
    void on_unusable(Endpoint e, std::string reason) override {
      site_.hear([e, reason](Detector& d, Now now) { return d.on_unusable(e, reason, now); });
    }
    void on_hint(Hint h) override {
      if (!site_.signals_.has(Signal::connection)) return;
      site_.hear([h](Detector& d, Now now) { return d.on_hint(h, now); });
    }

   private:
    DetectorSite& site_;
  };
  using Input = std::function<DetectorOutput(Detector&, Now)>;

  static DetectorSettings settings(const FakeCluster& cluster, const Seat& seat) {
    DetectorSettings out;
    out.name = seat.name;
    out.peers = seat.peers;
    out.listen = seat.listen;
    out.probe.signals = seat.signals;
    out.partitions = FakeCluster::partitions;
    out.seeds = cluster.seeds();
    return out;
  }

  Now now() const {
    return {loop_.now(), std::chrono::duration_cast<milliseconds>(loop_.now().time_since_epoch()).count()};
  }
  bool stopped() const { return loop_.now() < stopped_until_; }

  void hear(Input input) {
    if (!stopped()) return perform(input(detector_, now()));
    if (waiting_.empty())
      woken_ = Timer(loop_, stopped_until_ - loop_.now() - microseconds(1), [this]() -> std::optional<Duration> {
        stopped_until_ = loop_.now();
        for (const auto& waiting : std::exchange(waiting_, {})) perform(waiting(detector_, now()));
        return std::nullopt;
      });
    waiting_.push_back(std::move(input));
  }

  void perform(DetectorOutput output) {
    keep_records(output);
    if (output.publish) {
      published.push_back({loop_.now(), output.publish->topology, text_of(output.publish->diff),
                           output.publish->evidence, output.publish->marked});
      newest_.publication = {next_stamp(), output.publish->version, output.publish->topology};
      spread([p = newest_.publication](Detector& d, Now at) { return d.on_publication(p, at); });
    }
    if (output.beat) say_beat();
    for (const std::size_t peer : output.requests)
      if (peer < peers_.size())
        later([this, peer, snapshot = peers_[peer]->newest_] {
          hear([peer, snapshot](Detector& d, Now at) { return d.on_snapshot(peer, snapshot, at); });
        });
    for (const auto& ask : output.asks) {
      const auto cost = redis_cost(ask.question, cluster_.nodes().size());
      commands.add(loop_.now(), cost.commands);
      bytes.add(loop_.now(), cost.bytes);
      cluster_.ask(ask.endpoint, ask.question, ears_);
    }
  }

  void keep_records(const DetectorOutput& output) {
    for (std::size_t i = 0; i < output.records.size(); ++i) {
      if (output.publish && i == output.publish->told_before) told.push_back("published");
      told.push_back(output.records[i].event);
      notes.push_back(output.records[i].event + ": " + output.records[i].detail);
      records.push_back(output.records[i]);
    }
    if (output.publish && output.publish->told_before == output.records.size()) told.push_back("published");
  }

  Stamp next_stamp() {
    ++stamp_.sequence;
    return stamp_;
  }
  void say_beat() {
    newest_.beat = detector_.beat(now());
    newest_.beat.stamp = next_stamp();
    beats.push_back(newest_.beat);
    spread([b = newest_.beat](Detector& d, Now at) { return d.on_beat(b, at); });
  }
  void spread(const Input& input) {
    for (const auto& listener : listeners_)
      later([listener, input] {
        if (auto ears = listener.lock()) ears->site().hear(input);
      });
  }
  void later(std::function<void()> what) {
    loop_.start_timer(milliseconds(2), [what = std::move(what)]() -> std::optional<Duration> {
      what();
      return std::nullopt;
    });
  }

  VirtualLoop& loop_;
  FakeCluster& cluster_;
  Stamp stamp_;
  Snapshot newest_;
  const Signals signals_;
  std::shared_ptr<Ears> ears_ = std::make_shared<Ears>(*this);
  TimePoint stopped_until_;
  std::vector<Input> waiting_;
  Detector detector_;
  std::vector<DetectorSite*> peers_;
  std::vector<std::weak_ptr<Ears>> listeners_;
  Timer woken_;
  Timer beat_;
  Timer tick_;
};

}  // namespace dbha::test
