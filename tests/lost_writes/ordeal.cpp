#include "lost_writes/ordeal.hpp"

#include <algorithm>
#include <array>

#include "lab/wait.hpp"
#include "support/catch.hpp"

namespace dbha::test {
namespace {

using namespace std::chrono_literals;
using Mode = lab::Cluster::FailoverMode;

/// Connections that a cut has silenced come back when TCP sends again, the later the longer it was.
constexpr auto after_heal = 40s;
constexpr auto poll = 10ms;
/// Slots of the three shards that a cluster of three primaries begins with.
constexpr std::array<int, 3> first_slots{0, 5461, 10923};

constexpr std::array all_faults{Ordeal::Fault::kill,          Ordeal::Fault::kill_ahead_of_replica,
                                Ordeal::Fault::stop,          Ordeal::Fault::cut,
                                Ordeal::Fault::restart_empty, Ordeal::Fault::graceful,
                                Ordeal::Fault::force,         Ordeal::Fault::takeover};

}  // namespace

Ordeal::Ordeal(lab::RedisCluster& cluster, SplitNetwork* network, std::vector<Application*> applications, unsigned seed)
    : cluster_(cluster), network_(network), applications_(std::move(applications)), random_(seed) {}

void Ordeal::play() {
  auto faults = all_faults;
  std::shuffle(faults.begin(), faults.end(), random_);
  for (const auto fault : faults) play(fault);
  raise_all();
  writes_go_on();
  cluster_.wait_ready(after_heal);
}

void Ordeal::play(Fault fault) {
  cluster_.wait_ready(after_heal);
  writes_go_on();
  const Shard shard = any_shard();
  switch (fault) {
    case Fault::kill:
      return kill(shard);
    case Fault::kill_ahead_of_replica:
      return kill_ahead_of_replica(shard);
    case Fault::stop:
      return stop(shard);
    case Fault::cut:
      return cut();
    case Fault::restart_empty:
      tell("restart in place");
      cluster_.kill(shard.primary);
      cluster_.start(shard.primary);
      return meanwhile();
    case Fault::graceful:
      tell("failover");
      cluster_.failover(shard.replica, Mode::graceful);
      return meanwhile();
    case Fault::force:
      tell("failover force");
      cluster_.failover(shard.replica, Mode::force);
      return meanwhile();
    case Fault::takeover:
      tell("failover takeover");
      cluster_.failover(shard.replica, Mode::takeover);
      return meanwhile();
  }
}

Ordeal::Shard Ordeal::shard_of(int slot) {
  const auto primary = cluster_.primary_of(slot);
  return {primary, cluster_.replicas_of(primary).at(0)};
}

Ordeal::Shard Ordeal::any_shard() {
  return shard_of(first_slots[random_() % first_slots.size()]);
}

void Ordeal::wait_for_primary(std::size_t node) {
  INFO(story_);
  REQUIRE(lab::wait_until(
      patience, [&] { return cluster_.role(node) == "master"; }, poll));
}

void Ordeal::kill(const Shard& shard) {
  tell("kill -9");
  cluster_.kill(shard.primary);
  meanwhile();
  wait_for_primary(shard.replica);
  meanwhile();
  cluster_.start(shard.primary);
}

/// What the primary acknowledges before it dies its replica never gets: not even into the buffers of its socket.
void Ordeal::kill_ahead_of_replica(const Shard& shard) {
  tell("kill -9 ahead of its replica");
  cluster_.stop(shard.replica);
  cluster_.client(shard.primary).demand({"CLIENT", "KILL", "TYPE", "replica"});
  writes_go_on();
  cluster_.kill(shard.primary);
  cluster_.resume(shard.replica);
  wait_for_primary(shard.replica);
  meanwhile();
  cluster_.start(shard.primary);
}

void Ordeal::stop(const Shard& shard) {
  tell("SIGSTOP");
  cluster_.stop(shard.primary);
  meanwhile();
  wait_for_primary(shard.replica);
  meanwhile();
  cluster_.resume(shard.primary);
}

/// With the applications on the side of the old primary.
void Ordeal::cut() {
  if (!network_) return tell("no cut");
  if (cluster_.role(0) != "master") cluster_.failover(0);
  cluster_.wait_ready(after_heal);
  const auto heir = cluster_.replicas_of(0).at(0);
  raise_all();
  writes_go_on();
  tell("cut");
  network_->cut();
  writes_go_on();
  wait_for_primary(heir);
  meanwhile();
  network_->heal();
}

/// A moment in which they write: some tenths of a second.
void Ordeal::writes_go_on() {
  raise_all();
  const auto before = applications_.front()->noted();
  const std::uintmax_t more = 4'000 + random_() % 60'000;
  lab::wait_until(
      2s, [&] { return applications_.front()->noted() >= before + more; }, poll);
}

/// One of the points at which an application may die, and one that is dead may be started again.
void Ordeal::meanwhile() {
  for (auto* application : applications_) {
    if (!application->running()) {
      if (!chance(2)) continue;
      application->start();
      tell("up");
    } else if (chance(2)) {
      const auto before = application->noted();
      lab::wait_until(
          500ms, [&, more = random_() % 20'000] { return application->noted() >= before + more; }, 1ms);
      application->kill();
      tell("KILLED");
      if (!chance(2)) continue;
      application->start();
      tell("up");
    }
  }
}

void Ordeal::raise_all() {
  for (auto* application : applications_)
    if (!application->running()) application->start();
}

}  // namespace dbha::test
