// Three detectors without a leader: one, two or all of them are killed somewhere in the middle of a failover, and come
// back with what they had stored, while others know more by now. Whoever it is, and whenever: each controller is told
// of each failover once.

#include <deque>
#include <future>
#include <random>

#include "claim_watch.hpp"
#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t detectors = 3;
constexpr auto poll = 20ms;

/// All of the database's ways to another primary that lose no partition for ever.
enum class Way { killed, graceful, forced };
constexpr std::array ways{Way::killed, Way::graceful, Way::forced};
constexpr std::array names{"killed", "graceful", "forced"};

class Three {
 public:
  Three() {
    for (std::size_t i = 0; i < detectors; ++i) at_.push_back({address(2 * i), address(2 * i + 1)});
    for (std::size_t i = 0; i < detectors; ++i) write_detector(i);
    for (std::size_t i = 0; i < detectors; ++i) start(i);
    for (std::size_t i = 0; i < detectors; ++i) running_[i]->wait_for_problem("");
    for (const auto& heard : {at_, std::vector{at_[1], at_[2]}, std::vector{at_[2], at_[0]}}) open_app(heard);
    settle();
  }

  /// One more failover, in the middle of which some detectors die.
  void round(std::size_t shard) {
    const auto from = cluster_.primary_of(first_slots[shard]);
    const auto to = cluster_.replicas_of(from).at(0);
    const Way way = ways[draw(0, ways.size() - 1)];
    story_ << "\nshard " << shard << ' ' << names[static_cast<std::size_t>(way)];
    const auto deaths = draw_deaths(way);
    INFO("rounds:" << story_.str());

    const auto begun = Clock::now();
    auto failover = std::async(std::launch::async, [&] { replace(from, to, way); });
    for (const auto& [at, turn] : deaths) {
      REQUIRE(lab::wait_until(patience, [&, at = at] { return Clock::now() - begun >= at; }));
      turn.comes_back ? start(turn.detector) : running_[turn.detector].reset();
    }
    failover.get();
    if (way == Way::killed) cluster_.start(from);
    cluster_.wait_ready();

    const auto id = [&](std::size_t index) { return cluster_.node(index).id; };
    due_.push_back(failover_line(shards[shard], id(from), id(to)));
    changes_.push_back(owner_line("failover", shards[shard], id(from), id(to)));
    settle();
  }

  void check() {
    INFO("rounds:" << story_.str());
    for (auto& app : apps_) {
      CHECK(app.controller->restarts() == due_);
      CHECK(app.watch.owner_changes() == changes_);
      CHECK(app.watch.falls() == std::vector<std::string>{});
      CHECK(app.controller->broken_promises() == std::vector<std::string>{});
    }
  }

 private:
  struct App {
    explicit App(std::unique_ptr<RecordedController> opened) : controller(std::move(opened)) {}
    std::unique_ptr<RecordedController> controller;
    ClaimWatch watch{**controller};
  };
  static constexpr std::array first_slots{0, 5461, 10922};

  static std::string name_of(std::size_t detector) { return "nb-" + std::to_string(detector + 1); }
  std::string address(std::size_t port) const { return "tcp://127.0.0.1:" + std::to_string(ports_[port].number()); }

  void write_detector(std::size_t i) {
    auto peers = at_;
    peers.erase(peers.begin() + static_cast<std::ptrdiff_t>(i));
    auto file = northbound_file();
    file.name = name_of(i);
    file.publish = at_[i].publish;
    file.control = at_[i].control;
    file.detector_lines = peers_line(peers);
    site_.write(file);
  }
  void start(std::size_t i) { running_[i] = std::make_unique<DbhaProcess>(site_, name_of(i)); }
  void open_app(const std::vector<BusAt>& heard) {
    auto file = southbound_file("app-" + std::to_string(apps_.size() + 1));
    file.detectors = heard;
    auto controller = std::make_unique<RecordedController>(site_.write(file));
    REQUIRE((*controller)->wait_ready(patience));
    apps_.emplace_back(std::move(controller));
  }

  void replace(std::size_t from, std::size_t to, Way way) {
    if (way == Way::graceful) return cluster_.failover(to);
    if (way == Way::forced) return cluster_.failover(to, lab::Cluster::FailoverMode::force);
    cluster_.kill(from);
    if (!lab::wait_until(patience, [&] { return cluster_.role(to) == "master"; }))
      throw std::runtime_error("nobody was elected");
  }

  struct Turn {
    std::size_t detector;
    bool comes_back;
  };
  /// Who dies and comes back, by the time since the failover began.
  std::multimap<Duration, Turn> draw_deaths(Way way) {
    std::multimap<Duration, Turn> out;
    const auto who = draw(1, (1 << detectors) - 1);
    for (std::size_t i = 0; i < detectors; ++i) {
      if ((who >> i & 1) == 0) continue;
      // A dead primary is replaced after the node timeout; one that hands over is within a tenth of a second.
      const std::chrono::milliseconds at(draw(0, way == Way::killed ? 2500 : 200));
      const std::chrono::milliseconds away(draw(0, 1500));
      story_ << ", " << name_of(i) << " dies after " << at.count() << " ms for " << away.count() << " ms";
      out.insert({at, {i, false}});
      out.insert({at + away, {i, true}});
    }
    return out;
  }
  std::size_t draw(std::size_t first, std::size_t last) {
    return std::uniform_int_distribution<std::size_t>(first, last)(random_);
  }

  /// All detectors are well and hear each other, everybody holds one version, and has been told what was due.
  void settle() {
    const bool came = lab::wait_until(
        patience, [&] { return settled(); }, poll);
    std::string logs;
    for (std::size_t i = 0; !came && i < detectors; ++i)
      logs += name_of(i) + ": " + running_[i]->problem() + '\n' + running_[i]->log();
    INFO(logs);
    REQUIRE(came);
  }
  bool settled() {
    std::set<std::string> versions;
    for (auto& app : apps_) {
      if (app.controller->restarts().size() < due_.size()) return false;
      versions.insert((*app.controller)->view().applied.text());
    }
    for (auto& detector : running_) {
      const auto status = detector->status();
      if (status.is_null() || !status.at("problems").empty()) return false;
      versions.insert(status.at("detector").at("version"));
    }
    return versions.size() == 1;
  }

  std::mt19937 random_{std::random_device{}()};
  std::ostringstream story_;
  lab::RedisCluster cluster_{with_users()};  // primaries 0 1 2, their replicas 3 4 5
  Site site_{cluster_};
  std::vector<lab::PortLease> ports_ = lab::lease_ports(2 * detectors);
  std::vector<BusAt> at_;
  std::array<std::unique_ptr<DbhaProcess>, detectors> running_;
  std::deque<App> apps_;
  std::vector<std::string> due_{start_line};
  std::vector<std::string> changes_;
};

void lose_detectors(std::size_t rounds) {
  Three site;
  for (std::size_t i = 0; i < rounds; ++i) site.round(i % shards.size());
  site.check();
}

}  // namespace

TEST_CASE("detectors die in the middle of three failovers, and each controller is told of each failover once") {
  lose_detectors(3);
}

TEST_CASE("detectors die in the middle of fifty failovers, and each controller is told of each once", "[.soak]") {
  lose_detectors(50);
}
