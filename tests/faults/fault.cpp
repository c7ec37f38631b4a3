#include "fault.hpp"

#include "lab/wait.hpp"
#include "support/catch.hpp"

namespace dbha::test::faults {
namespace {

using namespace std::chrono_literals;

TimePoint now() {
  return std::chrono::steady_clock::now();
}

/// The slots that a shard began with, which the faults but the migration leave together.
std::string slots_of(const Blow& blow) {
  return shards.at(blow.shard);
}

TimePoint wait_for_heir(Blow& blow) {
  return blow.bed.wait_for_owner(Testbed::first_slot(blow.shard), blow.heir);
}

std::string replaced(Blow& blow) {
  return failover_line(slots_of(blow), blow.bed.id(blow.victim), blow.bed.id(blow.heir));
}

std::string restarted(Blow& blow) {
  return restart_line(slots_of(blow), blow.bed.id(blow.victim));
}

TimePoint wait_for_incarnation(Blow& blow) {
  const auto reborn = [id = NodeId{blow.bed.id(blow.victim)},
                       run_id = blow.bed.cluster().run_id(blow.victim)](const Topology& topology) {
    const Node* node = topology.node(id);
    return node && node->run_id.value == run_id;
  };
  return blow.bed.wait_for("the new incarnation", reborn);
}

void stop_victim(Blow& blow) {
  blow.bed.cluster().stop(blow.victim);
}

/// How often the node has been asked for its view.
long long views_asked(Testbed& bed, std::size_t node) {
  const std::string stats = bed.cluster().client(node).demand({"INFO", "commandstats"}).text;
  const std::string word = "cmdstat_cluster|nodes:calls=";
  const auto at = stats.find(word);
  return at == std::string::npos ? 0 : std::stoll(stats.substr(at + word.size()));
}

/// Slots that change hands again before their last owner has answered look like a failover (rule R7): waits for the
/// second question from now on, which follows the answer to the first.
void wait_for_view_of(Testbed& bed, std::size_t last_owner) {
  const auto asked = views_asked(bed, last_owner);
  REQUIRE(lab::wait_until(patience, [&] { return views_asked(bed, last_owner) >= asked + 2; }));
}

void move_keys(Blow& blow, int first, int last, std::size_t from, std::size_t to) {
  const int begin = Testbed::first_slot(blow.shard);
  blow.bed.cluster().migrate_slots(begin + first, begin + last, from, to);
}

std::size_t neighbour(Blow& blow) {
  return blow.bed.primary((blow.shard + 1) % shards.size());
}

}  // namespace

Fault kill() {
  return {.name = "kill -9",
          .unknowns = Unknowns::until_loss_seen,
          .lossy = true,
          .strike = [](Blow& blow) { blow.bed.cluster().kill(blow.victim); },
          .outcome = wait_for_heir,
          .heal = [](Blow& blow) { blow.bed.cluster().start(blow.victim); },
          .restart = replaced};
}

Fault stop() {
  const auto replaced_and_woken = [](Blow& blow) {
    const auto applied = wait_for_heir(blow);
    blow.bed.cluster().resume(blow.victim);
    return applied;
  };
  return {.name = "SIGSTOP",
          .unknowns = Unknowns::until_new_primary,
          .lossy = true,
          .strike = stop_victim,
          .outcome = replaced_and_woken,
          .restart = replaced};
}

Fault stop_beyond_deadlines() {
  return {.name = "SIGSTOP beyond all deadlines",
          .unknowns = Unknowns::until_new_primary,
          .lossy = true,
          .strike = stop_victim,
          .outcome = wait_for_heir,
          .heal = [](Blow& blow) { blow.bed.cluster().resume(blow.victim); },
          .restart = replaced};
}

Fault restart_in_place() {
  return {.name = "restart in place",
          .unknowns = Unknowns::until_loss_seen,
          .lossy = true,
          .strike = [](Blow& blow) { blow.bed.cluster().restart_in_place_empty(blow.victim); },
          .outcome = wait_for_incarnation,
          .restart = restarted};
}

Fault failover(lab::Cluster::FailoverMode mode) {
  constexpr std::array names{"CLUSTER FAILOVER", "CLUSTER FAILOVER FORCE", "CLUSTER FAILOVER TAKEOVER"};
  const bool graceful = mode == lab::Cluster::FailoverMode::graceful;
  return {.name = names[static_cast<std::size_t>(mode)],
          .unknowns = graceful ? Unknowns::none : Unknowns::until_new_primary,
          .lossy = !graceful,
          .strike = [mode](Blow& blow) { blow.bed.cluster().failover(blow.heir, mode); },
          .outcome = wait_for_heir,
          .restart = replaced};
}

Fault slot_migration() {
  constexpr int half = Testbed::slots_used / 2;
  constexpr int all = Testbed::slots_used;
  const auto move_the_rest = [](Blow& blow) {
    move_keys(blow, half, all - 1, blow.victim, neighbour(blow));
    blow.bed.wait_for_owner(Testbed::first_slot(blow.shard), neighbour(blow));
    return blow.bed.wait_for_owner(Testbed::last_slot(blow.shard), neighbour(blow));
  };
  const auto move_back = [](Blow& blow) {
    blow.bed.cluster().wait_ready();
    wait_for_view_of(blow.bed, blow.victim);
    move_keys(blow, 0, all - 1, neighbour(blow), blow.victim);
    blow.bed.wait_whole();
    wait_for_view_of(blow.bed, neighbour(blow));
  };
  return {.name = "slot migration",
          .unknowns = Unknowns::none,
          .lossy = false,
          .strike = [](Blow& blow) { move_keys(blow, 0, half - 1, blow.victim, neighbour(blow)); },
          .outcome = move_the_rest,
          .heal = move_back};
}

Fault network_drop() {
  const auto lasts_some_deadlines = [](Blow& blow) {
    const auto ended = blow.ledger.ended_within(1s);
    REQUIRE(lab::wait_until(patience, [&] { return blow.ledger.ended_within(1s) >= ended + 8; }));
    blow.bed.gate(blow.victim).pass();
    return now();
  };
  return {.name = "network drop",
          .unknowns = Unknowns::until_loss_seen,  // when what it took leaves holes
          .lossy = false,
          .strike = [](Blow& blow) { blow.bed.gate(blow.victim).drop(); },
          .outcome = lasts_some_deadlines};
}

Fault reset() {
  return {.name = "RST",
          .unknowns = Unknowns::until_loss_seen,
          .lossy = false,
          .strike = [](Blow& blow) { blow.bed.gate(blow.victim).reset(); },
          .outcome = [](Blow&) { return now(); }};
}

Fault restart_with_data() {
  return {.name = "kill -9 and return with all data",
          .unknowns = Unknowns::until_loss_seen,
          .lossy = false,
          .strike = [](Blow& blow) { blow.bed.cluster().restart_in_place_empty(blow.victim); },
          .outcome = wait_for_incarnation,
          .restart = restarted};
}

}  // namespace dbha::test::faults
