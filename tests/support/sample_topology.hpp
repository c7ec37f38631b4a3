#pragma once
/// Short words for topologies in tests: three shards of 100 partitions, primaries p1 to p3, replicas r1 to r3.

#include <initializer_list>
#include <memory>
#include <string>

#include <dbha/topology.hpp>

namespace dbha::test {

inline PartitionRange range(std::uint32_t first, std::uint32_t last) {
  return {{first}, {last}};
}

inline PartitionSet set_of(std::initializer_list<PartitionRange> ranges) {
  PartitionSet out;
  for (const auto r : ranges) out.set(r, {});
  return out;
}

inline Claim claim(std::string owner, std::uint64_t epoch, std::uint32_t turn = 0) {
  return {{epoch}, turn, {std::move(owner)}};
}

inline Mark mark(std::uint64_t epoch, std::uint32_t count, std::string owner, std::string replid = {}) {
  Mark out;
  out.epoch = {epoch};
  out.count = count;
  out.owner = {std::move(owner)};
  out.replid = {std::move(replid)};
  return out;
}

inline Node node(std::string id, Role role, std::string run_id, std::string primary = {}) {
  Node out;
  out.id = {id};
  out.endpoint = {"host-" + id, 7000};
  out.role = role;
  out.primary = {std::move(primary)};
  out.run_id = {std::move(run_id)};
  if (role == Role::primary) out.replid = {"stream-" + id};
  return out;
}

inline Topology three_shards(std::uint64_t generation = 1) {
  Topology out;
  out.generation = generation;
  out.partitions = 300;
  for (const char* n : {"1", "2", "3"})
    out.nodes.push_back(node(std::string("p") + n, Role::primary, std::string("life-p") + n));
  for (const char* n : {"1", "2", "3"})
    out.nodes.push_back(node(std::string("r") + n, Role::replica, std::string("life-r") + n, std::string("p") + n));
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::string owner = "p" + std::to_string(i + 1);
    out.claims.set(range(100 * i, 100 * i + 99), claim(owner, i + 1));
    out.marks.set(range(100 * i, 100 * i + 99), mark(i + 1, 0, owner, "stream-" + owner));
  }
  return out;
}

/// The same after r1 took over what p1 owned, at that epoch.
inline Topology after_failover(Topology out, std::uint64_t epoch = 4) {
  out.claims.set(range(0, 99), claim("r1", epoch));
  Mark change = mark(epoch, 0, "r1", "stream-r1@" + std::to_string(epoch));
  change.cause = Cause::failover;
  change.old_owner = {"p1"};
  out.marks.set(range(0, 99), change);
  for (auto& n : out.nodes) {
    if (n.id.value == "r1") {
      n.role = Role::primary;
      n.primary = {};
    } else if (n.id.value == "p1") {
      n.role = Role::replica;
      n.primary = {"r1"};
      n.replid = {};
    }
  }
  return out;
}

inline std::shared_ptr<const Topology> shared(Topology topology) {
  return std::make_shared<const Topology>(std::move(topology));
}

}  // namespace dbha::test
