// An operator takes partitions from a primary and gives them to one with a lower epoch (C4): what all of the database
// says loses against what is published, until that has been overruled.

#include "claim_watch.hpp"
#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t lower = 0;  // of the config epochs 1, 2 and 3
constexpr std::size_t higher = 2;
const std::string given = "16284-16383";
constexpr Partition one_of_them{16383};

class Handed {
 public:
  explicit Handed(const std::string& reset_after) {
    auto file = northbound_file();
    file.detector_lines = "reset_after = \"" + reset_after + "\"\n";
    site_.write(file);
    detector_.emplace(site_, "nb");
    detector_->wait_for_problem("");
    app_.emplace(site_.write(southbound_file("app")));
    REQUIRE((*app_)->wait_ready(patience));
  }

  void hand_over() {
    for (const std::size_t node : {higher, lower, std::size_t{1}}) tell(node, "DELSLOTSRANGE");
    detector_->wait_for_problem("100 of 16384 partitions have no owner");
    tell(lower, "ADDSLOTSRANGE");
    cluster_.wait_ready();
  }
  Finished reset() { return run_dbha(site_, {"reset", "--yes", "-c", site_.config_of("nb")}); }

  bool followed() {
    const auto topology = (*app_)->topology();
    const Node* owner = topology->owner(one_of_them);
    return owner && owner->id.value == cluster_.node(lower).id && topology->generation == 2;
  }
  void check() {
    INFO("its log:\n" << detector_->log());
    REQUIRE(lab::wait_until(patience, [&] { return followed() && app_->restarts().size() >= 2; }));
    detector_->wait_for_problem("");
    check_routing(**app_, cluster_);
    const auto change = failover_line(given, cluster_.node(higher).id, cluster_.node(lower).id);
    CHECK(app_->restarts() == std::vector{start_line, change});  // nobody owned it in between: no owner was overruled
    CHECK(app_->broken_promises() == std::vector<std::string>{});
  }
  DbhaProcess& detector() { return *detector_; }

 private:
  void tell(std::size_t node, const std::string& what) {
    cluster_.client(node).demand({"CLUSTER", what, "16284", "16383"});
  }

  lab::RedisCluster cluster_{with_users({.replicas_per_primary = 0})};
  Site site_{cluster_};
  std::optional<DbhaProcess> detector_;
  std::optional<RecordedController> app_;
};

}  // namespace

TEST_CASE(
    "partitions are given to a primary with a lower epoch: the detector says what it holds back, a reset follows") {
  Handed site("1h");
  site.hand_over();
  Finished done{1, {}};
  CHECK_FALSE(site.followed());
  REQUIRE(lab::wait_until(
      patience, [&] { return (done = site.reset()).exit_code == 0; }, 50ms));
  INFO(done.output);
  CHECK(done.says("published g2."));
  site.check();
}

TEST_CASE("partitions are given to a primary with a lower epoch: when that has stood for reset_after, it is followed") {
  Handed site("1s");
  site.hand_over();
  site.check();
}
