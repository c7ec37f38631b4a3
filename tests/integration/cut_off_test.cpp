// The network breaks in two: on one side a primary with some of its clients, on the other one the rest of the database
// with the others. Detectors stand on both sides: one by itself on either side, and two peers, one on each.

#include <deque>

#include "claim_watch.hpp"
#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"
#include "support/split_network.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t old_master = 0;
constexpr std::size_t heir = 3;
constexpr auto poll = 20ms;
/// Connections that a cut has silenced come back when TCP sends again, the later the longer it was.
constexpr auto after_heal = 40s;
/// Redis does not promote a node again before (redis/redis#8752).
constexpr auto between_promotions = 5s;

/// A process with a detector, on one side.
class SplitDetector {
 public:
  SplitDetector(const Site& site, std::string name, lab::Place place)
      : site_(site), name_(std::move(name)), place_(std::move(place)) {}
  BusAt at() const { return {endpoint(0), endpoint(1)}; }
  void start(const std::vector<BusAt>& peers) {
    site_.write({.name = name_,
                 .user = detector_user,
                 .detector = true,
                 .admin = {},
                 .publish = at().publish,
                 .control = at().control,
                 .detector_lines = peers.empty() ? "" : peers_line(peers)});
    const lab::Inside inside(place_);
    process_.emplace(site_, name_);
  }
  DbhaProcess& process() { return *process_; }

 private:
  std::string endpoint(std::size_t i) const {
    return "tcp://" + place_.host + ':' + std::to_string(ports_[i].number());
  }
  const Site& site_;
  std::string name_;
  lab::Place place_;
  std::vector<lab::PortLease> ports_ = lab::lease_ports(2);
  std::optional<DbhaProcess> process_;
};

/// A client, on one side, that hears some of the detectors.
struct Client {
  Client(const Site& site, const std::string& client_name, const lab::Place& place, std::vector<BusAt> detectors)
      : name(client_name), app(open(site, client_name, place, std::move(detectors))) {}

  static std::unique_ptr<RecordedController> open(const Site& site, const std::string& name, const lab::Place& place,
                                                  std::vector<BusAt> detectors) {
    auto file = southbound_file(name);
    file.detectors = std::move(detectors);
    const auto config = site.write(file);
    const lab::Inside inside(place);
    auto app = std::make_unique<RecordedController>(config);
    REQUIRE((*app)->wait_ready(patience));
    return app;
  }
  std::string owner() {
    const Node* node = (*app)->topology()->owner({0});
    return node ? node->id.value : "nobody";
  }

  std::string name;
  std::unique_ptr<RecordedController> app;
  ClaimWatch watch{**app};
};

/// All of it, and what a round of cutting and healing must do to it.
class CutOff {
 public:
  explicit CutOff(const SplitNetwork& network)
      : left_(network.left()), right_(network.right()), cluster_(options(left_, right_)), site_(cluster_) {
    lone_left_.start({});
    lone_right_.start({});
    peer_left_.start({peer_right_.at()});
    peer_right_.start({peer_left_.at()});
    for (const auto& [side, place] : {std::pair("left", left_), std::pair("right", right_)}) {
      clients_.emplace_back(site_, std::string(side) + "-hears-left", place, std::vector{lone_left_.at()});
      clients_.emplace_back(site_, std::string(side) + "-hears-right", place, std::vector{lone_right_.at()});
      clients_.emplace_back(site_, std::string(side) + "-hears-peers", place,
                            std::vector{peer_left_.at(), peer_right_.at()});
    }
  }

  void round(SplitNetwork& network) {
    network.cut();
    wait("the heir to be promoted", patience, [&] { return cluster_.role(heir) == "master"; });
    wait("the right side to follow", patience,
         [&] { return owner_at("right-hears-right", heir) && owner_at("right-hears-peers", heir); });
    for (auto* cut_off : {&lone_left_, &peer_left_}) cut_off->process().wait_for_problem("degraded");
    CHECK(owner_at("left-hears-left", old_master));
    CHECK(owner_at("left-hears-peers", old_master));
    network.heal();
    cluster_.wait_ready(after_heal);
    settle(heir);
    const auto since = Clock::now();
    ++rounds_;
    wait("Redis to have forgotten the last promotion", between_promotions * 2,
         [&] { return Clock::now() - last_return_ >= between_promotions; });
    cluster_.failover(old_master);
    last_return_ = Clock::now();
    settle(old_master);
    cluster_.wait_ready();
    CHECK(Clock::now() - since < after_heal);
  }

  /// Every client saw these changes of owner and no others, and was told of each once.
  void check() {
    const auto away = std::pair(cluster_.node(old_master).id, cluster_.node(heir).id);
    std::vector<std::string> changes;
    std::vector<std::string> restarts{start_line};
    for (int i = 0; i < rounds_; ++i) {
      for (const auto& [from, to] : {away, std::pair(away.second, away.first)}) {
        changes.push_back(owner_line("failover", shards[0], from, to));
        restarts.push_back(failover_line(shards[0], from, to));
      }
    }
    for (auto& client : clients_) {
      INFO(client.name << "; its log:\n" << contents(site_.log_of(client.name)) << heard_by(client.name));
      lab::wait_until(
          patience, [&] { return client.app->restarts().size() >= restarts.size(); }, poll);
      CHECK(client.watch.owner_changes() == changes);
      CHECK(client.watch.falls() == std::vector<std::string>{});
      CHECK(client.app->restarts() == restarts);
    }
  }

 private:
  static lab::RedisCluster::Options options(const lab::Place& left, const lab::Place& right) {
    auto out = with_users();
    out.place = [left, right](std::size_t index) { return index == old_master ? left : right; };
    return out;
  }

  bool owner_at(const std::string& client, std::size_t node) {
    for (auto& one : clients_)
      if (one.name == client) return one.owner() == cluster_.node(node).id;
    return false;
  }

  /// One owner everywhere, and one version at those who hear the same detectors.
  void settle(std::size_t owner) {
    const auto id = cluster_.node(owner).id;
    wait("one owner and one version everywhere", after_heal, [&] {
      std::map<std::string, std::set<std::string>> versions;  // by what is heard
      for (auto& client : clients_) {
        if (client.owner() != id) return false;
        versions[client.name.substr(client.name.find('-'))].insert((*client.app)->view().applied.text());
      }
      for (auto* peer : {&peer_left_, &peer_right_}) {
        const auto status = peer->process().status();
        if (status.is_object() && status.contains("detector"))
          versions["-hears-peers"].insert(status.at("detector").at("version").get<std::string>());
      }
      return std::all_of(versions.begin(), versions.end(), [](const auto& v) { return v.second.size() == 1; });
    });
  }

  /// The logs of the detectors that it hears.
  std::string heard_by(const std::string& client) const {
    const auto what = client.substr(client.find("hears-") + 6);
    if (what != "peers") return "\nlone-" + what + ":\n" + contents(site_.log_of("lone-" + what));
    return "\npeer-left:\n" + contents(site_.log_of("peer-left")) + "\npeer-right:\n" +
           contents(site_.log_of("peer-right"));
  }

  void wait(const std::string& what, Duration limit, const std::function<bool()>& holds) {
    const bool came = lab::wait_until(limit, holds, poll);
    std::string owners;
    for (auto& client : clients_)
      owners += '\n' + client.name + ": " + client.owner() + ' ' + (*client.app)->view().applied.text();
    INFO("round " << rounds_ << ": " << what << owners);
    REQUIRE(came);
  }

  lab::Place left_;
  lab::Place right_;
  lab::RedisCluster cluster_;  // primaries 0 1 2, their replicas 3 4 5
  Site site_;
  SplitDetector lone_left_{site_, "lone-left", left_};
  SplitDetector lone_right_{site_, "lone-right", right_};
  SplitDetector peer_left_{site_, "peer-left", left_};
  SplitDetector peer_right_{site_, "peer-right", right_};
  std::deque<Client> clients_;
  Clock::time_point last_return_{};
  int rounds_ = 0;
};

void cut_and_heal(int rounds) {
  std::string why_not;
  const auto network = SplitNetwork::make(why_not);
  if (!network) {
    WARN("skipped: " << why_not);
    return;
  }
  CutOff site(*network);
  for (int i = 0; i < rounds; ++i) site.round(*network);
  site.check();
}

}  // namespace

TEST_CASE("a primary is cut off with some clients: nobody leaves the true owner, on whichever side a detector is") {
  cut_and_heal(5);
}

TEST_CASE("a primary is cut off two hundred times, and nobody ever leaves the true owner", "[.soak]") {
  cut_and_heal(200);
}
