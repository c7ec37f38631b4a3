// A controller meets what the detector has no sign of: a slot that moved between its rounds.

#include <fstream>

#include "fleet.hpp"
#include "lab/slots.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

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

}  // namespace

TEST_CASE("a slot moves, and a controller's MOVED is all that the detector hears of it: published at once") {
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  const Site site(cluster);
  set_period(site.write(northbound_file()));
  DbhaProcess detector(site, "nb");
  detector.wait_for_problem("");
  RecordedController app(site.write(southbound_file("app")));
  REQUIRE(app->wait_ready(patience));

  for (const int slot : {7, 8, 9}) {
    cluster.migrate_slots(slot, slot, 0, 1);
    const auto published = [&] {
      const Node* owner = app->topology()->owner({static_cast<std::uint32_t>(slot)});
      return owner && owner->id.value == cluster.node(1).id;
    };
    CHECK_FALSE(published());
    get(*app, lab::key_in(slot, slot));
    INFO("slot " << slot << "; the detector says " << detector.status().at("detector").dump(1));
    REQUIRE(lab::wait_until(at_once, published, 5ms));
  }
  const auto status = detector.status();
  const auto& hints = status.at("detector").at("hints");
  INFO(hints.dump());
  CHECK(hints.at("redirected").at("received") == 3);
}

TEST_CASE("a controller that cannot reach a healthy node says so again and again, and nothing follows from it") {
  // Its own address for node 0 leads to nobody: the detector's topology says 127.0.0.1, where the node does not answer
  // to this controller's user.
  lab::RedisCluster cluster(with_users({.replicas_per_primary = 0}));
  Fleet fleet(cluster, {.processes = 0, .embedded = 1});
  fleet.check_restarts({start_line});
  CHECK(fleet.northbound().status().at("detector").at("hints").empty());
}
