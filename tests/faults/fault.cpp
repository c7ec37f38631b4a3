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
  const auto neighbour = [](Blow& blow) { return blow.bed.primary((blow.shard + 1) % 3); };
  const auto first = [](const Blow& blow) { return Testbed::first_slot(blow.shard); };
  const auto last = [](const Blow& blow) { return Testbed::last_slot(blow.shard); };
  return {.name = "slot migration",
          .unknowns = Unknowns::none,
          .lossy = false,
          .strike =
              [=](Blow& blow) {
                blow.bed.cluster().migrate_slots(first(blow), first(blow) + half - 1, blow.victim, neighbour(blow));
              },
          .outcome =
              [=](Blow& blow) {
                const auto to = neighbour(blow);
                blow.bed.cluster().migrate_slots(first(blow) + half, last(blow), blow.victim, to);
                blow.bed.wait_for_owner(first(blow), to);
                return blow.bed.wait_for_owner(last(blow), to);
              },
          .heal =
              [=](Blow& blow) {
                blow.bed.cluster().wait_ready();
                blow.bed.cluster().migrate_slots(first(blow), last(blow), neighbour(blow), blow.victim);
              }};
}

Fault network_drop() {
  const auto lasts_some_deadlines = [](Blow& blow) {
    const auto ended = blow.ledger.ended_within(1s);
    REQUIRE(lab::wait_until(patience, [&] { return blow.ledger.ended_within(1s) >= ended + 8; }));
    blow.bed.gate(blow.victim).pass();
    return now();
  };
  return {.name = "network drop",
          .unknowns = Unknowns::until_new_primary,
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
