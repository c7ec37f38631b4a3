// `dbha watch`: what a process does, as it happens.

#include <csignal>
#include <sstream>

#include "fleet.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

/// A running `dbha watch`.
class Watching {
 public:
  Watching(const Site& site, const std::string& name, std::vector<std::string> options = {})
      : output_(site.path("watch-" + std::to_string(++count_) + ".out")),
        child_(lab::ChildProcess::spawn(argv(site, name, std::move(options)), output_)) {}

  std::string output() const { return contents(output_); }
  std::vector<json> lines() const {
    std::vector<json> out;
    std::istringstream text(output());
    for (std::string line; std::getline(text, line);)
      if (!text.eof()) out.push_back(json::parse(line));  // the last one may be half written
    return out;
  }
  void wait_for(const std::string& words) {
    const bool came = lab::wait_until(
        patience, [&] { return output().find(words) != std::string::npos; }, 20ms);
    INFO("waited for '" << words << "' in:\n" << output());
    REQUIRE(came);
  }
  int end_by(int signal) {
    child_.signal(signal);
    return exit_code();
  }
  int exit_code() {
    const auto status = child_.wait_exit(patience);
    INFO(output());
    REQUIRE(status);
    REQUIRE_FALSE(status->by_signal);
    return status->value;
  }

 private:
  static std::vector<std::string> argv(const Site& site, const std::string& name, std::vector<std::string> options) {
    std::vector<std::string> out = {DBHA_PROGRAM, "watch", "-c", site.config_of(name)};
    out.insert(out.end(), options.begin(), options.end());
    return out;
  }

  static inline unsigned count_ = 0;
  std::filesystem::path output_;
  lab::ChildProcess child_;
};

/// "role what" of the lines since the last one of that kind, beats left out.
std::vector<std::string> course(const std::vector<json>& lines) {
  std::vector<std::string> out;
  for (const auto& line : lines)
    if (line.value("role", "") != "" && line.at("what") != "beat" && line.at("what") != "beat_heard")
      out.push_back(line.at("role").get<std::string>() + ' ' + line.at("what").get<std::string>());
  return out;
}

/// Whether these stand among the others, in this order.
bool in_order(const std::vector<std::string>& all, const std::vector<std::string>& wanted) {
  auto next = wanted.begin();
  for (const auto& one : all)
    if (next != wanted.end() && one == *next) ++next;
  return next == wanted.end();
}

}  // namespace

TEST_CASE("a primary is killed: who watches sees it published, applied and told, in this order") {
  lab::RedisCluster cluster(with_users());  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 1, .embedded = 1});
  Watching north(fleet.site(), "nb", {"--json", "--beats"});
  Watching south(fleet.site(), "sb-1");
  north.wait_for("\"what\":\"state\"");
  south.wait_for("watching process=sb-1 controller_version=");
  north.wait_for("\"what\":\"beat\"");
  north.wait_for("\"what\":\"beat_heard\"");

  cluster.kill(0);
  fleet.wait_for_owner(0, 3);
  north.wait_for("\"cause\":\"failover\"");
  const auto lines = north.lines();
  CHECK(lines.front().at("what") == "state");
  CHECK(lines.front().at("problems").empty());
  const auto seen = course(lines);
  INFO(north.output());
  CHECK(in_order(seen, {"detector published", "controller topology_changed", "controller dbrestart"}));
  for (const auto& line : lines)
    if (line.at("what") == "dbrestart") CHECK(line.at("partitions") == json({{0, 5460}}));

  south.wait_for(" dbrestart cause=failover partitions=0-5460 ");
  CHECK(south.output().find("topology_applied version=g1.e") != std::string::npos);
  CHECK(south.output().find("beat") == std::string::npos);

  CHECK(north.end_by(SIGINT) == 130);
  CHECK(south.end_by(SIGTERM) == 0);
}

TEST_CASE("a graceful failover: who watches sees it told, and then that nothing was lost") {
  lab::RedisCluster cluster(with_users());  // primaries 0 1 2, their replicas 3 4 5
  Fleet fleet(cluster, {.processes = 1, .embedded = 0});
  Watching south(fleet.site(), "sb-1");
  south.wait_for("watching process=sb-1 controller_version=");
  cluster.failover(3);
  south.wait_for(" dbrestart cause=failover partitions=0-5460 ");
  south.wait_for(" loss_known partitions=0-5460 loss=none ");
  CHECK(south.end_by(SIGTERM) == 0);
}

TEST_CASE("a process goes away and comes back: who watches says so and goes on, or ends with 3 if it is not to wait") {
  lab::RedisCluster cluster(with_users({.primaries = 1, .replicas_per_primary = 0}));
  const Site site(cluster);
  site.write(northbound_file());
  Watching early(site, "nb");
  early.wait_for("nobody answers at " + site.admin_of("nb") + "; waiting for it");
  auto process = std::make_unique<DbhaProcess>(site, "nb");
  process->wait_for_problem("");
  early.wait_for("watching process=nb");
  Watching impatient(site, "nb", {"--no-wait"});
  impatient.wait_for("watching process=nb");

  process->kill();
  CHECK(impatient.exit_code() == 3);
  CHECK(impatient.output().find("nobody answers at " + site.admin_of("nb")) != std::string::npos);
  const auto length = early.output().size();
  process = std::make_unique<DbhaProcess>(site, "nb");
  REQUIRE(lab::wait_until(
      patience, [&] { return early.output().find("watching process=nb", length) != std::string::npos; }, 20ms));
  CHECK(early.end_by(SIGINT) == 130);
}
