// Whatever happens, the database is asked no more than `probe_budget` commands a second: counted by the nodes
// themselves, with one controller and with a thousand.

#include "asked_counter.hpp"
#include "crowd.hpp"
#include "lab/wait.hpp"
#include "program.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr double probe_budget = 500;  // the default
/// What is regular leaves a fifth of it to suspicions, and does not grow with the fleet.
constexpr double regular = 0.85 * probe_budget;
constexpr std::size_t stopped_node = 0;
constexpr std::size_t flapping_node = 1;
constexpr auto each_state_lasts = 1600ms;

lab::RedisCluster::Options lasting() {
  auto out = with_users();
  out.node_timeout = 30s;  // nobody is to be promoted while this looks: what is suspect stays so
  return out;
}

/// A site whose database is asked by one detector, on behalf of a crowd.
class Watched {
 public:
  Watched() {
    auto file = northbound_file();
    file.controller = false;
    site_.write(file);
    detector_.emplace(site_, "nb");
    detector_->wait_for_problem("");
  }

  void gather(std::size_t size) {
    crowd_.emplace(site_, size);
    INFO("its log:\n" << detector_->log());
    REQUIRE(lab::wait_until(patience, [&] {
      crowd_->turn();
      return detector().at("current_controllers") >= size;
    }));
  }

  /// In commands a second, the worst second of each state.
  struct Rates {
    double idle;
    double suspect;
    double hinted;
    double flapping;
  };
  Rates rates() {
    const auto at_rest = [&] { return status() == "ok"; };
    const auto closer = [&] { return status() == "suspect"; };
    Rates out{};
    out.idle = worst_second(at_rest);

    cluster_.stop(stopped_node);
    out.suspect = worst_second(closer, {}, {}, stopped_node);
    cluster_.resume(stopped_node);
    forget();  // what it was asked meanwhile it counts in one moment

    // Five thousand hints a second of a crowd of a thousand; one who is alone says as many as it can.
    const auto pause = crowd_->size() > 1 ? 200ms : 0ms;
    const unsigned storm = crowd_->size() > 1 ? 5000 : 300;
    const auto before = hints();
    out.hinted = worst_second([&] { return hints() - before >= storm; }, pause, [&] { crowd_->complain(ids()); });

    auto flapping = cluster_.client(flapping_node);
    long long cut = 0;
    out.flapping = worst_second([&] { return cut > 1; }, 200ms,
                                [&] {
                                  cut += flapping.demand({"CLIENT", "KILL", "USER", detector_user.name}).integer;
                                });
    forget();
    return out;
  }

 private:
  /// Does `act` again and again; it is that state if `holds` at the end.
  double worst_second(const std::function<bool()>& holds, Duration pause = 1s, const std::function<void()>& act = {},
                      std::optional<std::size_t> unreachable = {}) {
    const auto begun = Clock::now();
    auto act_at = begun;
    auto look_at = begun;
    REQUIRE(lab::wait_until(patience, [&] {
      const auto now = Clock::now();
      if (act && now >= act_at) act(), act_at = now + pause;
      if (now >= look_at) counter_.look(unreachable), look_at = now + 100ms;
      crowd_->turn();
      return now - begun >= each_state_lasts && holds();
    }));
    counter_.look(unreachable);
    return counter_.highest_rate();
  }
  void forget() {
    REQUIRE(lab::wait_until(patience, [&] { return crowd_->turn(), status() == "ok"; }));
    counter_.look();
    counter_.highest_rate();
  }
  nlohmann::json detector() const { return detector_->status().at("detector"); }
  std::string status() const { return detector().at("status"); }
  unsigned hints() const {
    const auto all = detector().at("hints");
    unsigned received = 0;
    for (const auto& [kind, counts] : all.items()) received += counts.at("received").get<unsigned>();
    return received;
  }
  std::vector<NodeId> ids() const {
    std::vector<NodeId> out;
    for (const auto& node : cluster_.nodes()) out.push_back({node.id});
    return out;
  }

  lab::RedisCluster cluster_{lasting()};  // primaries 0 1 2, their replicas 3 4 5
  Site site_{cluster_};
  std::optional<DbhaProcess> detector_;
  std::optional<Crowd> crowd_;
  AskedCounter counter_{cluster_};
};

std::string text_of(const Watched::Rates& rates) {
  std::ostringstream out;
  out << "in the worst second: idle " << rates.idle << ", suspect " << rates.suspect << ", hinted " << rates.hinted
      << ", flapping " << rates.flapping;
  return out.str();
}

}  // namespace

TEST_CASE("idle, suspect, under a storm of hints or with a flapping node: a thousand cost the database what one does") {
  Watched site;
  site.gather(1);
  const auto one = site.rates();
  site.gather(1000);
  const auto thousand = site.rates();
  INFO("one " << text_of(one) << "\na thousand " << text_of(thousand));
  for (const auto& rates : {one, thousand}) {
    CHECK(rates.idle <= regular);
    CHECK(rates.suspect <= probe_budget);
    CHECK(rates.hinted <= probe_budget);
    CHECK(rates.flapping <= probe_budget);
  }
}
