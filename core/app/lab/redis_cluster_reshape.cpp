#include "lab/redis_cluster.hpp"

namespace dbha::lab {
namespace {

constexpr std::size_t kKeysAtOnce = 100;
constexpr std::chrono::milliseconds kMigrateTimeout{5000};

}  // namespace

void RedisCluster::migrate_keys(int slot, std::size_t from, std::size_t to) {
  for (;;) {
    const Reply keys =
        at(from).admin().demand({"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), std::to_string(kKeysAtOnce)});
    if (keys.elements.empty()) return;
    std::vector<std::string> command = {"MIGRATE", at(to).host(), std::to_string(at(to).port()),
                                        "",        "0",           std::to_string(kMigrateTimeout.count())};
    if (!options_.password.empty()) command.insert(command.end(), {"AUTH", options_.password});
    command.emplace_back("KEYS");
    for (const Reply& key : keys.elements) command.push_back(key.text);
    at(from).admin().demand(command);
  }
}

void RedisCluster::migrate_slots(int first, int last, std::size_t from, std::size_t to) {
  const auto others = primaries();
  for (int slot = first; slot <= last; ++slot) {
    const auto set_slot = [&](std::size_t node, const std::string& word, std::size_t partner) {
      at(node).admin().demand({"CLUSTER", "SETSLOT", std::to_string(slot), word, members_.at(partner).id});
    };
    set_slot(to, "IMPORTING", from);  // before MIGRATING, so that an ASK never leads to a node that answers MOVED
    set_slot(from, "MIGRATING", to);
    migrate_keys(slot, from, to);
    set_slot(to, "NODE", to);  // the new owner first: it takes a new epoch, and the slot is never without an owner
    set_slot(from, "NODE", to);
    for (const std::size_t other : others)
      if (other != from && other != to) set_slot(other, "NODE", to);
  }
}

std::size_t RedisCluster::add_node() {
  const std::size_t index = make_node();
  at(index).launch();
  start_finished(index);
  for (const std::size_t other : running())
    if (other != index) meet(other, index);
  wait_agreed();
  return index;
}

void RedisCluster::replicate(std::size_t index, std::size_t primary) {
  follow(index, primary);
  wait_agreed();
  wait_replicas_in_sync();
}

void RedisCluster::remove_node(std::size_t index) {
  at(index).kill();
  for (const std::size_t other : running()) at(other).admin().demand({"CLUSTER", "FORGET", members_.at(index).id});
  wait_agreed();
}

}  // namespace dbha::lab
