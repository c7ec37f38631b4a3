// Eight writers and deleters on a mirror, in a process that is killed at any moment, while everything breaks that may
// break in a cluster; then quiet. What was accepted must be in the database: nothing missing, older or back again.

#include <cstdio>
#include <cstdlib>
#include <random>

#include "database.hpp"
#include "integration/program.hpp"
#include "lab/wait.hpp"
#include "ordeal.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

constexpr int entries = 10'000;
/// For all that is still to be told and compared when all is quiet.
constexpr auto until_settled = 40s;

lab::RedisCluster::Options cluster_options(const SplitNetwork* network) {
  auto out = with_users();
  if (network)
    out.place = [left = network->left(), right = network->right()](std::size_t index) {
      return index == 0 ? left : right;
    };
  return out;
}

struct Ending {
  Verdict verdict;
  Finished verify;  ///< what `dbha verify` says of it
  std::string story;
  std::string log;
};

/// `resync`: false, the mirror hears of no dbrestart.
Ending run(unsigned seed, bool resync) {
  std::string why_not;
  const auto network = SplitNetwork::make(why_not);
  if (!network) WARN("the network is not cut: " << why_not);
  lab::RedisCluster cluster(cluster_options(network.get()));
  const Site site(cluster);
  ProcessFile file = northbound_file();
  file.user = reader_user;
  file.controller_lines = mirror_lines(resync);
  Application application(site, file, entries, network ? network->left() : lab::Place{});
  application.start();
  Ordeal ordeal(cluster, network.get(), {&application}, seed);
  ordeal.play();
  application.rest();
  cluster.wait_ready();

  const auto notes = application.notes();
  Verdict verdict;
  lab::wait_until(
      resync ? until_settled : 1s,  // without it there is nobody to wait for
      [&] {
        verdict = judge(notes, contents_of(cluster));
        return verdict.clean();
      },
      200ms);
  std::printf("seed %u, %s: %zu notes; %s\n  %s\n", seed, resync ? "resync" : "no resync", notes.size(),
              verdict.text().c_str(), ordeal.story().c_str());
  std::fflush(stdout);
  auto verify = run_dbha(site, {"verify", "--connect", site.admin_of("nb")});
  auto log = application.log();
  if (verdict.clean()) application.end();
  return {verdict, std::move(verify), ordeal.story(), std::move(log)};
}

void check_nothing_lost(unsigned seed) {
  const Ending ending = run(seed, true);
  INFO("seed " << seed << ": " << ending.story << '\n'
               << ending.verdict.text() << '\n'
               << (ending.verdict.clean() ? "" : ending.log) << '\n'
               << ending.verify.output);
  CHECK(ending.verdict.entries > entries / 10);
  CHECK(ending.verdict.clean());
  CHECK(ending.verify.exit_code == 0);
}

unsigned any_seed() {
  const char* given = std::getenv("DBHA_SEED");
  return given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
}

}  // namespace

TEST_CASE("whatever breaks, and whenever the process is killed: what the mirror accepted is in the database") {
  check_nothing_lost(any_seed());
}

TEST_CASE("the same without resync loses writes, so that the test is known to be able to fail") {
  const Ending ending = run(7, false);
  CHECK(ending.verdict.lost() > 0);
  INFO(ending.verify.output);
  CHECK(ending.verify.exit_code == 1);
}

TEST_CASE("whatever breaks, twenty times: what the mirror accepted is in the database", "[.soak]") {
  const char* rounds = std::getenv("DBHA_SOAK_ROUNDS");
  for (int i = 0; i < (rounds ? std::atoi(rounds) : 20); ++i) check_nothing_lost(std::random_device{}());
}
