// Whatever happens to a shard, its calls end in time and tell the truth, and those to other shards go on as before.
// Each fault is played once with all loads together; `tests/run soak` plays each with each load, again and again.

#include <cstdlib>

#include "cell.hpp"
#include "lab/wait.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;
using Mode = lab::Cluster::FailoverMode;

namespace {

/// Both applications have been told of exactly these dbrestarts, in this order.
void check_restarts(Testbed& bed, const std::vector<std::string>& due) {
  for (auto* app : {&bed.busy(), &bed.idle()}) {
    lab::wait_until(patience, [&] { return app->restarts().size() >= due.size(); });
    CHECK(app->restarts() == due);
  }
}

/// In each of the orders below no shard has two changes that mark it, so that none waits for the hold-down of another.
void play_each(Testbed& bed, const std::vector<Fault>& faults) {
  std::vector<std::string> due{start_line};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const auto restart = play(bed, faults[i], loads::all, i % 3);
    if (!restart.empty()) due.push_back(restart);
  }
  check_restarts(bed, due);
}

void play_all_loads(Testbed& bed, const std::vector<Fault>& faults) {
  const char* rounds = std::getenv("DBHA_SOAK_ROUNDS");
  std::size_t shard = 0;
  for (int round = 0; round < (rounds ? std::atoi(rounds) : 20); ++round)
    for (const auto& fault : faults)
      for (const auto& load : {loads::idle, loads::traffic, loads::queue}) play(bed, fault, load, shard++ % 3);
}

/// In which nobody takes over from a primary that is away for a moment, even where its disk makes a start slow.
constexpr Testbed::Shape patient{.node_timeout = 10s, .gates = true};

}  // namespace

TEST_CASE("a primary is killed, another stopped, a third replaced in order: each call ends in time and honestly") {
  Testbed bed({});
  play_each(bed, {faults::kill(), faults::stop(), faults::failover(Mode::graceful)});
}

// Not with a graceful failover of the shard whose slots have moved there and back: about once in ten its new primary
// then disowned the last of them for good, although all other nodes gave it to it. Whether Redis 7.0 or the order of
// the lab's SETSLOT brings that about is not known.
TEST_CASE("slots migrate under load, and two failovers are forced: each call ends in time and honestly") {
  Testbed bed({});
  // The migration comes first, so that the next dbrestart shows that there was none for it.
  play_each(bed, {faults::slot_migration(), faults::failover(Mode::force), faults::failover(Mode::takeover)});
}

TEST_CASE(
    "the network drops what clients and a primary say, another returns empty: each call ends in time and honestly") {
  Testbed bed(patient);
  play_each(bed, {faults::network_drop(), faults::restart_in_place()});
}

TEST_CASE("each fault after which another node is primary meets each load, again and again", "[.soak]") {
  Testbed bed({});
  play_all_loads(bed,
                 {faults::kill(), faults::stop(), faults::stop_beyond_deadlines(), faults::failover(Mode::graceful),
                  faults::failover(Mode::force), faults::failover(Mode::takeover), faults::slot_migration()});
}

TEST_CASE("each fault after which the primary is the same meets each load, again and again", "[.soak]") {
  Testbed bed(patient);
  play_all_loads(bed, {faults::network_drop(), faults::restart_in_place(), faults::reset()});
}
