// A controller meets what the detector has no sign of: a slot that moved between its rounds.

#include <fstream>

#include <dbha_bus/subscriber.hpp>

#include "fleet.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "loop/epoll_loop.hpp"
#include "support/catch.hpp"
#include "support/test_log.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// So long that no round can tell by chance what a hint has to tell at once.
constexpr auto period = 25s;
/// Far above the some 10 ms that it takes, far below the period.
constexpr auto at_once = 2500ms;

void set_period(const std::filesystem::path& file) {
  std::string text = contents(file);
  const std::string section = "[detector]\n";
  text.insert(text.find(section) + section.size(), "period = \"" + std::to_string(period.count()) + "s\"\n");
  std::ofstream(file) << text;
}

void get(Controller& controller, const std::string& key) {
  Call call;
  call.key = key;
  call.args = {"GET", key};
  const auto result = controller.call(std::move(call)).get();
  INFO(result.detail);
  REQUIRE(result.ok());
}

/// A controller that has nothing to do but to say that a node sends it elsewhere.
class Babbler final : BusSubscriberListener {
 public:
  Babbler(const Site& site, NodeId node)
      : node_(std::move(node)),
        subscriber_(bus::open_subscriber(
            context_, loop_, log_, *this,
            {.cluster = "site", .controller = "babbler", .detectors = {{site.publish(), site.control()}}})) {}

  void say_ten() {
    for (int i = 0; i < 10; ++i) subscriber_->send_hint({HintKind::redirected, node_, {}, std::nullopt});
    loop_.turn(1ms);
  }

 private:
  void on_publication(Publication) override {}
  void on_beat(Beat) override {}
  void on_snapshot(std::size_t, Snapshot) override {}
  void on_snapshot_refused(std::size_t, Duration) override {}
  void on_garbage(std::string) override {}

  NodeId node_;
  bus::Context context_;
  EpollLoop loop_;
  TestLog log_;
  std::unique_ptr<BusSubscriber> subscriber_;
};

}  // namespace

TEST_CASE("a slot moves, and a controller's MOVED is all that the detector hears of it: published at once") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  const Site site(cluster);
  set_period(site.write(northbound_file()));
  DbhaProcess detector(site, "nb");
  detector.wait_for_problem("");
  RecordedController app(site.write(southbound_file("app")));
  REQUIRE(app->wait_ready(patience));

  struct Move {
    int slot;
    std::size_t from;
    std::size_t to;
  };
  for (const auto& [slot, from, to] : {Move{7, 0, 1}, Move{6000, 1, 2}, Move{12000, 2, 0}}) {
    const auto published = [&, id = cluster.node(to).id, partition = Partition{static_cast<std::uint32_t>(slot)}] {
      const Node* owner = app->topology()->owner(partition);
      return owner && owner->id.value == id;
    };
    cluster.migrate_slots(slot, slot, from, to);
    CHECK_FALSE(published());
    get(*app, lab::key_in(slot, slot));
    INFO("slot " << slot << "; the detector says " << detector.status().at("detector").dump(1));
    REQUIRE(lab::wait_until(at_once, published, 5ms));
  }
  const auto status = detector.status();
  const auto& hints = status.at("detector").at("hints");
  INFO(hints.dump());
  // Once for each move, but for one of a shard that a beat names as suspect still: the detector looks there already.
  CHECK(hints.at("redirected").at("received") >= 1);
  CHECK(hints.at("redirected").at("received") <= 3);
}

TEST_CASE("a controller that babbles of a healthy node is not listened to, and the detector stays well") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  Fleet fleet(cluster, {.processes = 0, .embedded = 1});
  const auto hints = [&] { return fleet.northbound().status().at("detector").at("hints"); };
  const auto published = [&] { return fleet.northbound().status().at("detector").at("history").size(); };
  const auto before = published();

  Babbler babbler(fleet.site(), {cluster.node(0).id});
  constexpr std::uint64_t enough = 2000;
  REQUIRE(lab::wait_until(patience, [&] {
    babbler.say_ten();
    const auto heard = hints();
    return heard.contains("redirected") && heard["redirected"]["received"] >= enough;
  }));
  const auto heard = hints().at("redirected");
  INFO(heard.dump());
  CHECK(heard.at("limited") > enough / 2);
  CHECK(fleet.northbound().log().find("hints_limited controller=babbler") != std::string::npos);
  CHECK(published() == before);
  fleet.wait_for("the detector to be well", [](const Topology&) { return true; });
  fleet.check_routing();
}
