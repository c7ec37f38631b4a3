#pragma once
/// The small types that every other header speaks in: each number and each name has a type of its own, so that an
/// epoch cannot be passed where a partition is meant.

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dbha {

/// A value that is of one kind only. Tag makes the kind, Value holds it.
template <class Tag, class Value>
struct Strong {
  Value value{};
  friend auto operator<=>(const Strong&, const Strong&) = default;
  friend bool operator==(const Strong&, const Strong&) = default;
};

/// A name that may be unknown: empty means "not known".
template <class Tag>
struct Name {
  std::string value;
  bool empty() const { return value.empty(); }
  friend auto operator<=>(const Name&, const Name&) = default;
  friend bool operator==(const Name&, const Name&) = default;
};

/// The backend's own number that orders claims: configEpoch in Redis Cluster, timeline in PostgreSQL.
using Epoch = Strong<struct EpochTag, std::uint64_t>;
/// The unit of placement: a hash slot in Redis Cluster; an unsharded system has one, number 0.
using Partition = Strong<struct PartitionTag, std::uint32_t>;
/// Who a node is, for as long as it is a member, whatever its address.
using NodeId = Name<struct NodeIdTag>;
/// One life of a node's process: run_id in Redis.
using RunId = Name<struct RunIdTag>;
/// One stream of writes: master_replid in Redis. Evidence of what may be lost, not an identity of the process.
using ReplId = Name<struct ReplIdTag>;

/// Monotonic time. Wall clock is for logs only, so no decision depends on it.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// Where a node listens. The host is a name or an address without brackets.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;

  /// "host:port"; an IPv6 address is put in brackets.
  std::string text() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
  }
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Partitions first to last, both included.
struct PartitionRange {
  Partition first;
  Partition last;

  bool contains(Partition p) const { return first <= p && p <= last; }
  std::uint64_t size() const { return std::uint64_t{last.value} - first.value + 1; }
  friend auto operator<=>(const PartitionRange&, const PartitionRange&) = default;
  friend bool operator==(const PartitionRange&, const PartitionRange&) = default;
};

}  // namespace dbha
