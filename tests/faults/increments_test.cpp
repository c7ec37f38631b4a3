// 16 callers count on keys of all shards with INCR, which must not be repeated, while nodes die and connections are
// reset. Each acknowledged increment has counted once, each unknown one once or not at all, and no other.
//
// A failover of Redis may lose what was acknowledged, so a counter's lower bound holds only where there is none. In the
// first test nobody ever takes over: there are no replicas, and a killed node comes back with all that it has
// acknowledged, since it writes its append-only file before it answers (appendfsync no only leaves out the fsync, which
// the death of a process does not need; "everysec" may put off the write too). So both bounds hold for every key. In
// the second, replicas take over, and the keys of the shard hit have the upper bound only.

#include "cell.hpp"
#include "support/catch.hpp"

using namespace dbha;
using namespace dbha::test;
using namespace std::chrono_literals;

namespace {

/// Counts are compared after each fault, so that a failure names the fault that made it.
void count_through(Testbed& bed, int rounds, const Fault& kill, int resets_each) {
  std::size_t shard = 0;
  for (int round = 0; round < rounds; ++round) {
    INFO("round " << round);
    play(bed, kill, loads::increments, shard++ % 3);
    for (int i = 0; i < resets_each; ++i) play(bed, faults::reset(), loads::increments, shard++ % 3);
  }
}

void count_where_nothing_is_lost(int rounds) {
  Testbed bed({.replicas = 0, .node_timeout = 60s, .gates = true, .durable = true});
  count_through(bed, rounds, faults::restart_with_data(), 4);
}

void count_through_failovers(int rounds) {
  Testbed bed({.gates = true});
  count_through(bed, rounds, faults::kill(), 1);
}

}  // namespace

TEST_CASE(
    "through kills and resets that lose nothing, each counter is what was acknowledged, or more by unknown ones") {
  count_where_nothing_is_lost(3);
}

TEST_CASE("through kills with failovers and resets, no counter is more than what was acknowledged or unknown") {
  count_through_failovers(2);
}

TEST_CASE("counters through a thousand faults", "[.soak]") {
  count_where_nothing_is_lost(160);
  count_through_failovers(100);
}
